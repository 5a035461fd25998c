#include "http/router.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "http/error_response.h"

namespace baton::http {

namespace {

bool IsParameter(std::string_view segment) {
  return segment.size() > 2 && segment.starts_with('{') && segment.ends_with('}');
}

std::string_view ParameterName(std::string_view segment) {
  return segment.substr(1, segment.size() - 2);
}

// The segments after each '/': "/a/" has two, the second empty.
std::vector<std::string_view> SplitPath(std::string_view path) {
  std::vector<std::string_view> segments;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    segments.push_back(path.substr(0, path.find('/')));
    path.remove_prefix(segments.back().size());
  }
  return segments;
}

}  // namespace

Status Router::Add(std::string method, std::string pattern, RouteHandler handler) {
  Route route{std::move(method), std::move(pattern), {}, {}, std::move(handler)};
  if (!route.pattern.starts_with('/')) {
    return Fail(Code::kInvalidArgument, "route '{}': must begin with '/'", route.pattern);
  }
  std::set<std::string_view> names;
  for (const std::string_view segment : SplitPath(route.pattern)) {
    const bool is_parameter = IsParameter(segment);
    if (!is_parameter && segment.find_first_of("{}") != std::string_view::npos) {
      return Fail(Code::kInvalidArgument, "route '{}': '{}' is neither literal nor {{name}}",
                  route.pattern, segment);
    }
    if (is_parameter && !names.insert(ParameterName(segment)).second) {
      return Fail(Code::kInvalidArgument, "route '{}': '{}' occurs twice", route.pattern, segment);
    }
    route.segments.emplace_back(segment);
    route.rank.push_back(is_parameter ? 'b' : 'a');
  }
  const auto same_paths = [](std::string_view a, std::string_view b) {
    return a == b || (IsParameter(a) && IsParameter(b));
  };
  for (const Route& other : routes_) {
    if (other.method == route.method &&
        std::ranges::equal(other.segments, route.segments, same_paths)) {
      return Fail(Code::kAlreadyExists, "route '{} {}': taken by '{}'", route.method, route.pattern,
                  other.pattern);
    }
  }
  routes_.push_back(std::move(route));
  return {};
}

Handler Router::AsHandler() const {
  return [this](const ServerRequest& request, ResponseWriter& writer) {
    return Dispatch(request, writer);
  };
}

bool Router::Matches(const Route& route, const std::vector<std::string_view>& path) {
  return std::ranges::equal(route.segments, path,
                            [](std::string_view expected, std::string_view is) {
                              return IsParameter(expected) ? !is.empty() : expected == is;
                            });
}

async::Task<void> Router::Dispatch(const ServerRequest& request, ResponseWriter& writer) const {
  const std::vector<std::string_view> path = SplitPath(request.path);
  const std::string_view asked = request.method;
  const std::string_view method = asked == "HEAD" ? "GET" : asked;
  const Route* best = nullptr;
  std::set<std::string_view> allowed;
  for (const Route& route : routes_) {
    if (!Matches(route, path)) continue;
    allowed.insert(route.method);
    if (route.method == method && (best == nullptr || route.rank < best->rank)) best = &route;
  }
  if (best != nullptr) {
    PathParameters parameters;
    for (std::size_t i = 0; i < path.size(); ++i) {
      const std::string& segment = best->segments[i];
      if (IsParameter(segment)) parameters.emplace(ParameterName(segment), path[i]);
    }
    co_return co_await best->handler(request, parameters, writer);
  }
  const std::string what = request.method + " " + request.path;
  if (allowed.empty()) {
    (void)co_await SendError(writer, 404, what + ": no such route");
    co_return;
  }
  if (allowed.contains("GET")) allowed.insert("HEAD");
  Headers allow = {{"Allow", fmt::format("{}", fmt::join(allowed, ", "))}};
  (void)co_await SendError(writer, 405, what + ": the path knows other methods", std::move(allow));
}

}  // namespace baton::http
