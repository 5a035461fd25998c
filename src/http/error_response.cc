#include "http/error_response.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/client_error.h"
#include "base/utf8.h"

namespace baton::http {

namespace {

struct StatusPhrase {
  int status;
  std::string_view phrase;
};

constexpr std::array kStatusPhrases = {
    StatusPhrase{200, "OK"},
    StatusPhrase{201, "Created"},
    StatusPhrase{202, "Accepted"},
    StatusPhrase{204, "No Content"},
    StatusPhrase{206, "Partial Content"},
    StatusPhrase{301, "Moved Permanently"},
    StatusPhrase{302, "Found"},
    StatusPhrase{303, "See Other"},
    StatusPhrase{304, "Not Modified"},
    StatusPhrase{307, "Temporary Redirect"},
    StatusPhrase{308, "Permanent Redirect"},
    StatusPhrase{400, "Bad Request"},
    StatusPhrase{401, "Unauthorized"},
    StatusPhrase{403, "Forbidden"},
    StatusPhrase{404, "Not Found"},
    StatusPhrase{405, "Method Not Allowed"},
    StatusPhrase{406, "Not Acceptable"},
    StatusPhrase{408, "Request Timeout"},
    StatusPhrase{409, "Conflict"},
    StatusPhrase{410, "Gone"},
    StatusPhrase{412, "Precondition Failed"},
    StatusPhrase{413, "Content Too Large"},
    StatusPhrase{415, "Unsupported Media Type"},
    StatusPhrase{416, "Range Not Satisfiable"},
    StatusPhrase{422, "Unprocessable Content"},
    StatusPhrase{429, "Too Many Requests"},
    StatusPhrase{431, "Request Header Fields Too Large"},
    StatusPhrase{499, "Client Closed Request"},
    StatusPhrase{500, "Internal Server Error"},
    StatusPhrase{501, "Not Implemented"},
    StatusPhrase{502, "Bad Gateway"},
    StatusPhrase{503, "Service Unavailable"},
    StatusPhrase{504, "Gateway Timeout"},
};

// "Not Found" as "not_found".
std::string CodeWord(std::string_view phrase) {
  std::string word(phrase);
  std::ranges::transform(word, word.begin(), [](char c) {
    if (c == ' ') return '_';
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return word;
}

std::string JsonText(std::string_view text) {
  std::string out = "\"";
  for (const char c : ReplaceInvalidUtf8(text)) {
    if (c == '"' || c == '\\') {
      out.append({'\\', c});
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out.push_back(c);
    }
  }
  return out + '"';
}

}  // namespace

std::string_view ReasonPhrase(int http_status) {
  const auto found = std::ranges::find(kStatusPhrases, http_status, &StatusPhrase::status);
  return found == kStatusPhrases.end() ? "Unknown" : found->phrase;
}

int HttpStatusOf(Code code) {
  switch (code) {
    case Code::kOk:
      return 200;
    case Code::kCancelled:
      return 499;
    case Code::kInvalidArgument:
    case Code::kOutOfRange:
      return 400;
    case Code::kUnauthenticated:
      return 401;
    case Code::kPermissionDenied:
      return 403;
    case Code::kNotFound:
      return 404;
    case Code::kAlreadyExists:
    case Code::kAborted:
      return 409;
    case Code::kFailedPrecondition:
      return 412;
    case Code::kResourceExhausted:
      return 429;
    case Code::kUnimplemented:
      return 501;
    case Code::kUnavailable:
      return 503;
    case Code::kDeadlineExceeded:
      return 504;
    case Code::kUnknown:
    case Code::kInternal:
    case Code::kDataLoss:
      break;
  }
  return 500;
}

std::string ErrorBody(std::string_view code, std::string_view message) {
  return fmt::format(R"({{"error":{{"code":{},"message":{}}}}})", JsonText(code),
                     JsonText(message));
}

async::Task<Status> SendError(ResponseWriter& writer, int http_status, std::string message,
                              Headers extra) {
  extra.Add("Content-Type", "application/json");
  co_return co_await writer.Send(http_status, std::move(extra),
                                 ErrorBody(CodeWord(ReasonPhrase(http_status)), message));
}

async::Task<Status> SendError(ResponseWriter& writer, Status failure) {
  const Status told = ForClients(failure);
  co_return co_await writer.Send(HttpStatusOf(told.code()), {{"Content-Type", "application/json"}},
                                 ErrorBody(CodeWord(CodeName(told.code())), told.message()));
}

}  // namespace baton::http
