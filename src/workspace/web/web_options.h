// What an operator may say about reaching into the web.
#pragma once

#include <chrono>
#include <string>

#include "http/address_policy.h"

namespace baton::workspace::web {

// By which a site's robots.txt names us.
inline constexpr char kRobotsAgent[] = "baton";

struct WebOptions {
  std::string user_agent = "Mozilla/5.0 (compatible; baton)";
  // Between two requests to one host; a longer Crawl-delay of the site's counts instead.
  std::chrono::milliseconds delay = std::chrono::seconds(1);
  // Where pages may come from: the public Internet, and what the operator allows besides.
  http::AddressPolicy addresses;

  // Where to search. SearXNG, if it is set; else Brave, if a key is; else search says what to
  // set. These servers are the operator's choice: `addresses` does not bind them.
  std::string searxng_url;
  std::string brave_api_key;
  std::string brave_url = "https://api.search.brave.com/res/v1";
};

}  // namespace baton::workspace::web
