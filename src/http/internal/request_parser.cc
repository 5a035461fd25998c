#include "http/internal/request_parser.h"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/utf8.h"
#include "http/url.h"

namespace baton::http::internal {

namespace {

namespace beast_http = boost::beast::http;

std::string_view ToStd(boost::beast::string_view text) { return {text.data(), text.size()}; }

bool IsText(std::string_view text) { return IsValidUtf8(text) && !text.contains('\0'); }

// False if an escape is malformed or the result is no text.
bool ReadQuery(std::string_view query, std::map<std::string, std::string>& out) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = PercentDecode(pair.substr(0, equals), /*plus_is_space=*/true);
    auto value = PercentDecode(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!name || !value || !IsText(*name) || !IsText(*value)) return false;
    out.insert_or_assign(*std::move(name), *std::move(value));
  }
  return true;
}

}  // namespace

struct RequestParser::Parser {
  beast_http::request_parser<beast_http::string_body> beast;
};

RequestParser::RequestParser(std::size_t max_header_bytes, std::size_t max_body_bytes)
    : parser_(std::make_unique<Parser>()) {
  parser_->beast.eager(true);
  parser_->beast.header_limit(static_cast<std::uint32_t>(max_header_bytes));
  parser_->beast.body_limit(max_body_bytes);
}

RequestParser::~RequestParser() = default;

RequestParser::State RequestParser::Consume(std::string& input) {
  auto& beast = parser_->beast;
  boost::system::error_code error;
  std::size_t used = 0;
  while (!beast.is_done() && !error && used < input.size()) {
    used += beast.put(boost::asio::buffer(input.data() + used, input.size() - used), error);
  }
  input.erase(0, used);
  if (error == beast_http::error::header_limit) {
    return Refuse(431, "the header is larger than this server accepts");
  }
  if (error == beast_http::error::body_limit) {
    return Refuse(413, "the body is larger than this server accepts");
  }
  if (error && error != beast_http::error::need_more) {
    return Refuse(400, "malformed request: " + error.message());
  }
  if (!beast.is_done()) return State::kNeedMore;
  if (!ReadTarget(ToStd(beast.get().target()))) {
    return Refuse(400, "malformed request: bad escape in the path or query");
  }
  return State::kComplete;
}

RequestParser::State RequestParser::Refuse(int status, std::string reason) {
  refusal_ = status;
  refusal_reason_ = std::move(reason);
  return State::kRefused;
}

bool RequestParser::ReadTarget(std::string_view target) {
  // The absolute form, which clients use towards proxies: the path is what counts.
  if (const auto absolute = SplitUrl(target)) {
    target.remove_prefix(static_cast<std::size_t>(absolute->path.data() - target.data()));
  }
  target = target.substr(0, target.find('#'));
  const std::size_t mark = std::min(target.find('?'), target.size());
  auto path = PercentDecode(target.substr(0, mark));
  if (!path || !IsText(*path)) return false;
  request_.path = path->empty() ? "/" : *std::move(path);
  return ReadQuery(target.substr(std::min(mark + 1, target.size())), request_.query);
}

bool RequestParser::header_done() const { return parser_->beast.is_header_done(); }

std::size_t RequestParser::body_bytes() const { return parser_->beast.get().body().size(); }

bool RequestParser::TakeExpectsContinue() {
  if (!header_done() || parser_->beast.is_done() || continue_taken_) return false;
  continue_taken_ = true;
  const auto& request = parser_->beast.get();
  return EqualsIgnoreCase(ToStd(request[beast_http::field::expect]), "100-continue");
}

ServerRequest RequestParser::Take() {
  auto& message = parser_->beast.get();
  request_.method = std::string(ToStd(message.method_string()));
  for (const auto& field : message) {
    request_.headers.Add(std::string(ToStd(field.name_string())),
                         std::string(ToStd(field.value())));
  }
  request_.body = std::move(message.body());
  return std::move(request_);
}

bool RequestParser::keep_alive() const { return parser_->beast.get().keep_alive(); }

bool RequestParser::is_http_1_0() const { return parser_->beast.get().version() < 11; }

}  // namespace baton::http::internal
