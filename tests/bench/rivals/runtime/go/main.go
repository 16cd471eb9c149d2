// Echo on aws-lambda-go. A type with an Invoke method gets the payload's bytes as they are: nothing is parsed.
package main

import (
	"context"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
)

type echo struct{}

func (echo) Invoke(_ context.Context, payload []byte) ([]byte, error) {
	if string(payload) == `{"crash":true}` {
		var nowhere *int
		*nowhere = 1
	}
	return payload, nil
}

func main() {
	if os.Getenv("ECHO_DRAIN") != "" {
		lambda.StartWithOptions(echo{}, lambda.WithEnableSIGTERM(func() { os.Exit(0) }))
	}
	lambda.Start(echo{})
}
