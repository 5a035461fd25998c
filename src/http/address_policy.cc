#include "http/address_policy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

namespace baton::http {
namespace {

namespace ip = boost::asio::ip;

struct Network {
  std::string_view address;
  unsigned bits;
};

// iana.org/assignments/iana-ipv4-special-registry, multicast and the reserved rest. The last,
// public by its number, is on Azure the machine's own control server (WireServer).
constexpr std::array kSpecialV4 = {
    Network{"0.0.0.0", 8},      Network{"10.0.0.0", 8},     Network{"100.64.0.0", 10},
    Network{"127.0.0.0", 8},    Network{"169.254.0.0", 16}, Network{"172.16.0.0", 12},
    Network{"192.0.0.0", 24},   Network{"192.0.2.0", 24},   Network{"192.88.99.0", 24},
    Network{"192.168.0.0", 16}, Network{"198.18.0.0", 15},  Network{"198.51.100.0", 24},
    Network{"203.0.113.0", 24}, Network{"224.0.0.0", 3},    Network{"168.63.129.16", 32},
};

// Within 2000::/3, the only part of IPv6 that is given out to the public Internet.
constexpr std::array kSpecialV6 = {
    Network{"2001::", 23},  // IETF protocols: Teredo, ORCHID, benchmarking
    Network{"2001:db8::", 32},
    Network{"2002::", 16},  // 6to4
    Network{"3fff::", 20},
};
constexpr Network kGlobalV6 = {"2000::", 3};

constexpr unsigned kAllBits = 1000;  // of an address without "/BITS"

template <typename Bytes>
bool SharePrefix(const Bytes& a, const Bytes& b, unsigned bits) {
  for (unsigned i = 0; i < bits; i += 8) {
    const unsigned rest = std::min(8U, bits - i);
    const unsigned mask = 0xFF00U >> rest & 0xFFU;
    if (((a[i / 8] ^ b[i / 8]) & mask) != 0) return false;
  }
  return true;
}

bool IsWithin(const ip::address& address, const ip::address& network, unsigned bits) {
  if (address.is_v4() != network.is_v4()) return false;
  return address.is_v4()
             ? SharePrefix(address.to_v4().to_bytes(), network.to_v4().to_bytes(), bits)
             : SharePrefix(address.to_v6().to_bytes(), network.to_v6().to_bytes(), bits);
}

bool IsWithin(const ip::address& address, const Network& network) {
  return IsWithin(address, ip::make_address(network.address), network.bits);
}

std::optional<unsigned> ParseNumber(std::string_view text, unsigned most) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > most) {
    return std::nullopt;
  }
  return value;
}

// Takes ":PORT" off the end of `text`; 0 if there is none, empty if it is none.
std::optional<unsigned> TakePort(std::string_view& text) {
  const bool is_bare_v6 = !text.starts_with('[') && std::ranges::count(text, ':') > 1;
  const std::size_t colon = text.rfind(':');
  const std::size_t bracket = text.find(']');
  if (is_bare_v6 || colon == std::string_view::npos ||
      (bracket != std::string_view::npos && colon < bracket)) {
    return 0;
  }
  const auto port = ParseNumber(text.substr(colon + 1), 65535);
  text = text.substr(0, colon);
  return port == 0U ? std::nullopt : port;
}

// Takes "/BITS" off the end of `text`; kAllBits if there is none, empty if it is none.
std::optional<unsigned> TakeBits(std::string_view& text) {
  const std::size_t slash = text.rfind('/');
  if (slash == std::string_view::npos) return kAllBits;
  const auto bits = ParseNumber(text.substr(slash + 1), 128);
  text = text.substr(0, slash);
  return bits;
}

}  // namespace

bool IsPublicAddress(const ip::address& address) {
  const auto covers = [&address](const Network& n) { return IsWithin(address, n); };
  if (address.is_v4()) return std::ranges::none_of(kSpecialV4, covers);
  return covers(kGlobalV6) && std::ranges::none_of(kSpecialV6, covers);
}

Result<AddressPolicy::Exception> AddressPolicy::ParseException(std::string_view text) {
  std::string_view rest = text;
  const auto port = TakePort(rest);
  const bool is_bracketed = rest.starts_with('[') && rest.ends_with(']');
  if (is_bracketed) rest = rest.substr(1, rest.size() - 2);
  const auto bits = TakeBits(rest);
  boost::system::error_code error;
  const ip::address address = ip::make_address(rest, error);
  const unsigned most = address.is_v4() ? 32 : 128;
  if (error || !port || !bits || (*bits > most && *bits != kAllBits)) {
    return Fail(Code::kInvalidArgument,
                "'{}' is no address: wanted is ADDRESS, ADDRESS/BITS or either with :PORT", text);
  }
  return Exception{address, static_cast<unsigned short>(std::min(*bits, most)),
                   static_cast<std::uint16_t>(*port)};
}

Result<AddressPolicy> AddressPolicy::Parse(std::string_view exceptions) {
  constexpr std::string_view kSeparators = ", \t\n";
  AddressPolicy policy;
  while (true) {
    exceptions.remove_prefix(
        std::min(exceptions.find_first_not_of(kSeparators), exceptions.size()));
    if (exceptions.empty()) return policy;
    const std::size_t end = std::min(exceptions.find_first_of(kSeparators), exceptions.size());
    Result<Exception> parsed = ParseException(exceptions.substr(0, end));
    if (!parsed) return Fail(std::move(parsed).error());
    policy.exceptions_.push_back(*parsed);
    exceptions.remove_prefix(end);
  }
}

bool AddressPolicy::Allows(const ip::address& address, std::uint16_t port) const {
  const auto covers = [&](const Exception& e) {
    return (e.port == 0 || e.port == port) && IsWithin(address, e.network, e.bits);
  };
  return IsPublicAddress(address) || std::ranges::any_of(exceptions_, covers);
}

}  // namespace baton::http
