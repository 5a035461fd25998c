#include "grpc_client/library_log.h"

#include <mutex>
#include <string>

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>

#include "base/log.h"

namespace baton::grpc_client {
namespace {

void LogGrpcLine(gpr_log_func_args* line) {
  const bool error = line->severity == GPR_LOG_SEVERITY_ERROR;
  Log(error ? LogLevel::kWarning : LogLevel::kDebug, "grpc",
      {{"file", line->file}, {"line", line->line}, {"message", line->message}});
}

// protobuf calls a request that it cannot parse an error. It is the sender's, who is told.
void LogProtobufLine(google::protobuf::LogLevel level, const char* file, int line,
                     const std::string& message) {
  const bool fatal = level == google::protobuf::LOGLEVEL_FATAL;
  Log(fatal ? LogLevel::kCritical : LogLevel::kDebug, "protobuf",
      {{"file", file}, {"line", line}, {"message", message}});
}

}  // namespace

void SendLibraryLogsToOurs() {
  static std::once_flag once;
  std::call_once(once, [] {
    gpr_set_log_function(LogGrpcLine);
    google::protobuf::SetLogHandler(LogProtobufLine);
  });
}

}  // namespace baton::grpc_client
