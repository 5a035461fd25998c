// Which network addresses may be connected to on behalf of someone who is not trusted.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "base/status.h"

namespace baton::http {

// Whether `address` is one of the public Internet's: neither unspecified, loopback, private
// (RFC 1918, ULA), shared (CGNAT), link-local, multicast, reserved nor for documentation (the
// IANA special-purpose registries), and no IPv6 form that carries an IPv4 address
// (IPv4-mapped, IPv4-compatible, NAT64, 6to4, Teredo), behind which a private one may stand.
bool IsPublicAddress(const boost::asio::ip::address& address);

// Public addresses, and those that the operator allows besides. It is asked with the address of
// each connection, after names are resolved: no spelling of an address, no name and no redirect
// leads around it.
//
// Threads: immutable after Parse().
class AddressPolicy {
 public:
  // Public addresses only.
  AddressPolicy() = default;

  // `exceptions`, separated by commas or blanks: addresses, or networks as ADDRESS/BITS, each
  // with an optional :PORT (an IPv6 address then in brackets): "127.0.0.1:8080, 10.1.0.0/16,
  // [fd00::1]:443". kInvalidArgument names what is none.
  static Result<AddressPolicy> Parse(std::string_view exceptions);

  bool Allows(const boost::asio::ip::address& address, std::uint16_t port) const;

 private:
  struct Exception {
    boost::asio::ip::address network;
    unsigned short bits;  // of `network` that count
    std::uint16_t port;   // 0: any
  };
  static Result<Exception> ParseException(std::string_view text);

  std::vector<Exception> exceptions_;
};

}  // namespace baton::http
