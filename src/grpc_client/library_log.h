// What the libraries beneath us have to say.
#pragma once

namespace baton::grpc_client {

// Sends the log lines of gRPC and protobuf, which go to standard error as they are, through
// our log: as warnings what gRPC calls an error, the rest as debug. Idempotent, any thread.
void SendLibraryLogsToOurs();

}  // namespace baton::grpc_client
