#include "http/address_policy.h"

#include <gtest/gtest.h>

namespace baton::http {
namespace {

boost::asio::ip::address Address(std::string_view text) {
  return boost::asio::ip::make_address(text);
}

TEST(AddressPolicy, WhatIsSpecialIsNotPublic) {
  for (const char* special : {"0.0.0.0",
                              "0.1.2.3",
                              "10.0.0.1",
                              "10.255.255.255",
                              "100.64.0.1",
                              "100.127.255.255",
                              "127.0.0.1",
                              "127.255.0.9",
                              "168.63.129.16",
                              "169.254.169.254",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.0.0.8",
                              "192.0.2.1",
                              "192.88.99.1",
                              "192.168.1.1",
                              "198.18.0.1",
                              "198.19.255.255",
                              "198.51.100.7",
                              "203.0.113.9",
                              "224.0.0.1",
                              "239.255.255.255",
                              "240.0.0.1",
                              "255.255.255.255",
                              "::",
                              "::1",
                              "::127.0.0.1",
                              "::ffff:127.0.0.1",
                              "::ffff:8.8.8.8",
                              "64:ff9b::8.8.8.8",
                              "64:ff9b:1::1",
                              "100::1",
                              "2001::1",
                              "2001:db8::1",
                              "2001:20::1",
                              "2002:7f00:1::",
                              "2002:808:808::1",
                              "3fff::1",
                              "fc00::1",
                              "fd12:3456:789a::1",
                              "fe80::1",
                              "fe80::1%1",
                              "fec0::1",
                              "ff02::1",
                              "4000::1"}) {
    EXPECT_FALSE(IsPublicAddress(Address(special))) << special;
  }
}

TEST(AddressPolicy, TheEdgesOfSpecialNetworksArePublic) {
  for (const char* open :
       {"1.1.1.1",         "8.8.8.8",         "9.255.255.255",   "168.63.129.15",
        "168.63.129.17",   "11.0.0.0",        "100.63.255.255",  "100.128.0.0",
        "126.255.255.255", "128.0.0.1",       "169.253.255.255", "172.15.255.255",
        "172.32.0.0",      "192.167.255.255", "192.169.0.0",     "198.17.255.255",
        "198.20.0.0",      "223.255.255.255", "2001:200::1",     "2001:4860:4860::8888",
        "2606:4700::1111", "2a00:1450::1"}) {
    EXPECT_TRUE(IsPublicAddress(Address(open))) << open;
  }
}

TEST(AddressPolicy, ExceptionsAreAddressesNetworksAndPorts) {
  const auto policy =
      AddressPolicy::Parse("127.0.0.1:8080, 10.1.0.0/16 fd00::/8,[::1]:443,[fe80::/10]:80");
  ASSERT_TRUE(policy) << policy.error().ToString();
  const auto allows = [&](std::string_view address, std::uint16_t port) {
    return policy->Allows(Address(address), port);
  };
  EXPECT_TRUE(allows("127.0.0.1", 8080));
  EXPECT_FALSE(allows("127.0.0.1", 8081));
  EXPECT_FALSE(allows("127.0.0.2", 8080));
  EXPECT_FALSE(allows("::ffff:127.0.0.1", 8080)) << "another form of an allowed address";
  EXPECT_TRUE(allows("10.1.255.1", 1));
  EXPECT_FALSE(allows("10.2.0.1", 1));
  EXPECT_TRUE(allows("fdff::1", 22));
  EXPECT_TRUE(allows("::1", 443));
  EXPECT_FALSE(allows("::1", 80));
  EXPECT_TRUE(allows("fe80::9", 80));
  EXPECT_TRUE(allows("8.8.8.8", 53));
  EXPECT_FALSE(AddressPolicy().Allows(Address("127.0.0.1"), 8080));
}

TEST(AddressPolicy, SaysWhatIsNoAddress) {
  for (const char* bad :
       {"localhost", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:x", "1.2.3.4/33", "1.2.3.4/128",
        "::1/129", "1.2.3", "[::1", "127.0.0.1:65536", "10.0.0.0/x"}) {
    const auto parsed = AddressPolicy::Parse(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().code(), Code::kInvalidArgument);
    EXPECT_NE(parsed.error().message().find(bad), std::string::npos) << parsed.error().message();
  }
  EXPECT_TRUE(AddressPolicy::Parse(""));
}

}  // namespace
}  // namespace baton::http
