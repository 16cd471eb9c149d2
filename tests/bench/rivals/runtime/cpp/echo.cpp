// Echo on aws-lambda-cpp. The payload is text to it, never JSON; success() copies it once, which its API asks for.
#include <aws/lambda-runtime/runtime.h>

#include <cstdlib>

using namespace aws::lambda_runtime;

static invocation_response echo(invocation_request const &request)
{
    if (request.payload == R"({"crash":true})") std::abort();
    return invocation_response::success(request.payload, "application/json");
}

int main()
{
    run_handler(echo);
}
