#include "wire/body.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/hash.hpp"

namespace trainyard::wire {
namespace {

constexpr const char* kNamespace =
    "H4sIAAAAAAAC/6tW8kvMTS0uSExOVbJSyitWqgUAtpJFWBIAAAA=";
constexpr const char* kThousandSpaces = "H4sIAAAAAAAC/1NQGAWjYBQMdwAAguOTzegDAAA=";

/// What is read, or the error's code.
std::string read(std::string body, std::size_t body_max, const char* encoding = "gzip") {
  http::Request request;
  request.headers.add("Content-Encoding", encoding);
  http::StringBody text(std::move(body));
  request.body = &text;
  try {
    return read_body(request, body_max);
  } catch (const ApiError& error) {
    return error.code();
  }
}

TEST(Body, IsUnpacked) {
  const std::string packed = unbase64(kNamespace).value();
  EXPECT_EQ(read(packed, 1000), R"({"Namespace":"ns"})");
  EXPECT_EQ(read(packed, 1000, "GZIP"), R"({"Namespace":"ns"})");
  EXPECT_EQ(read(packed, 1000, "identity"), packed);
  EXPECT_EQ(read("plain", 1000, ""), "plain");
}

TEST(Body, IsBoundedAndWhole) {
  const std::string spaces = unbase64(kThousandSpaces).value();
  EXPECT_EQ(read(spaces, 1000), std::string(1000, ' '));
  EXPECT_EQ(read(spaces, 999), "RequestEntityTooLargeException");
  EXPECT_EQ(read(spaces, 10), "RequestEntityTooLargeException");
  EXPECT_EQ(read("no gzip", 1000), "SerializationException");
  EXPECT_EQ(read("", 1000), "SerializationException");
  EXPECT_EQ(read(spaces.substr(0, spaces.size() - 1), 1000), "SerializationException");
  EXPECT_EQ(read(spaces + "x", 1000), "SerializationException");
}

}  // namespace
}  // namespace trainyard::wire
