// Errors as HTTP: status numbers and the JSON body that tells a client what went wrong.
#pragma once

#include <string>
#include <string_view>

#include "async/task.h"
#include "base/status.h"
#include "http/server.h"

namespace baton::http {

// The usual number for a failure: 404 for kNotFound, 429 for kResourceExhausted, 500 for our own.
int HttpStatusOf(Code code);

// {"error":{"code":"not_found","message":"GET /x: no such route"}}
// `code` is a constant word; `message` may be any text and is made valid UTF-8.
std::string ErrorBody(std::string_view code, std::string_view message);

// Answers with `http_status` and an ErrorBody(). `extra` headers go before the content type.
async::Task<Status> SendError(ResponseWriter& writer, int http_status, std::string message,
                              Headers extra = {});

// The same for a failed Status, which goes out as ForClients() lets it: of an internal error only
// an id that the log explains.
async::Task<Status> SendError(ResponseWriter& writer, Status failure);

// "Not Found" for 404; "Unknown" for a number without a usual phrase.
std::string_view ReasonPhrase(int http_status);

}  // namespace baton::http
