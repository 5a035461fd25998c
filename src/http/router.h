// Which handler answers which path.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "http/server.h"

namespace baton::http {

using PathParameters = std::map<std::string, std::string, std::less<>>;

// The arguments live until the handler's task has ended.
using RouteHandler =
    std::function<async::Task<void>(const ServerRequest&, const PathParameters&, ResponseWriter&)>;

// Routes by method and path. A pattern is a path whose segments are literal or "{name}", which
// takes one non-empty segment: "/runs/{id}/events". Literal segments win over names. Paths match
// after decoding; a trailing slash counts. HEAD goes where GET goes.
//
// Lifetime: filled before the server starts; outlives it.
// Threads:  safe to use from many once filled.
// Errors:   404 for an unknown path, 405 with Allow for a known one, as JSON.
class Router {
 public:
  // kInvalidArgument if `pattern` does not begin with '/' or names a parameter twice or badly;
  // kAlreadyExists if another route of `method` takes exactly the same paths.
  Status Add(std::string method, std::string pattern, RouteHandler handler);

  // The handler for StartServer(). Refers to this router.
  Handler AsHandler() const;

 private:
  struct Route {
    std::string method;
    std::string pattern;
    std::vector<std::string> segments;  // "{name}" as it is
    // 'a' for a literal segment, 'b' for a name: of the patterns that match, the least wins.
    std::string rank;
    RouteHandler handler;
  };

  static bool Matches(const Route& route, const std::vector<std::string_view>& path);
  async::Task<void> Dispatch(const ServerRequest& request, ResponseWriter& writer) const;

  std::vector<Route> routes_;
};

}  // namespace baton::http
