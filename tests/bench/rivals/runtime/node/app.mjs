// Echo on aws-lambda-ric, which makes every event an object and every answer JSON again.
export const handler = async (event) => {
  if (event.crash) process.abort();
  return event;
};
