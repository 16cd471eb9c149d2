// Echo on lambda_runtime. RawValue is its leanest payload type: the text is scanned once, and never made into values.
use lambda_runtime::{service_fn, Error, LambdaEvent};
use serde_json::value::RawValue;

async fn echo(event: LambdaEvent<Box<RawValue>>) -> Result<Box<RawValue>, Error> {
    if event.payload.get() == r#"{"crash":true}"# {
        std::process::abort();
    }
    Ok(event.payload)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    #[cfg(feature = "drain")]
    lambda_runtime::spawn_graceful_shutdown_handler(|| async {}).await;
    lambda_runtime::run(service_fn(echo)).await
}
