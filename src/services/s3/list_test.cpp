#include <set>

#include "services/s3/listing.hpp"
#include "services/s3/s3_testing.hpp"

namespace trainyard::s3 {
namespace {

/// What a listing must show, computed without any cleverness.
std::vector<std::string> expected_names(const std::set<std::string>& keys,
                                        const std::string& prefix, const std::string& delimiter) {
  std::vector<std::string> names;
  for (const std::string& key : keys) {
    if (!key.starts_with(prefix)) continue;
    auto at = delimiter.empty() ? std::string::npos : key.find(delimiter, prefix.size());
    std::string name = at == std::string::npos ? key : key.substr(0, at + delimiter.size()) + "*";
    if (names.empty() || names.back() != name) names.push_back(name);
  }
  return names;
}

template <class Output>
void collect(const Output& page, std::vector<std::string>& names) {
  std::vector<std::string> both;
  for (const auto& object : page.contents.value_or(std::vector<s3::Object>())) {
    both.push_back(*object.key);
  }
  for (const auto& group : page.common_prefixes.value_or(std::vector<CommonPrefix>())) {
    both.push_back(*group.prefix + "*");
  }
  std::sort(both.begin(), both.end());
  names.insert(names.end(), both.begin(), both.end());
}

TEST_F(S3Test, ListingsOfEveryPageSizeAgreeWithTheDefinition) {
  std::set<std::string> keys = {"a", "a/", "a/b", "a/b/c", "a/b/d", "a0", "b", "b//x", "c/d/e",
                                "é/1", "é/2", "\xf4\x8f\xbf\xbf/x", "z"};
  for (int i = 0; i < 30; ++i) keys.insert("a/m/" + std::to_string(i));
  for (const std::string& key : keys) put(key, key);
  for (std::string prefix : {"", "a", "a/", "a/b", "é", "none", "\xf4\x8f\xbf\xbf"}) {
    for (std::string delimiter : {"", "/", "/m", "b/"}) {
      auto expected = expected_names(keys, prefix, delimiter);
      for (int limit : {1, 2, 7, 1000}) {
        ListObjectsV2Input second;
        second.bucket = "bucket";
        second.prefix = prefix;
        second.delimiter = delimiter;
        second.max_keys = limit;
        std::vector<std::string> names;
        for (bool more = true; more;) {
          auto page = read([&](Call& call) { return list_objects_v2(call, second); });
          EXPECT_LE(*page.key_count, limit);
          collect(page, names);
          more = *page.is_truncated;
          second.continuation_token = page.next_continuation_token;
        }
        EXPECT_EQ(names, expected) << prefix << " " << delimiter << " " << limit;

        ListObjectsInput first;
        first.bucket = "bucket";
        first.prefix = prefix;
        first.delimiter = delimiter;
        first.max_keys = limit;
        names.clear();
        for (bool more = true; more;) {
          auto page = read([&](Call& call) { return list_objects(call, first); });
          collect(page, names);
          more = *page.is_truncated;
          if (!more) break;
          first.marker = page.next_marker ? *page.next_marker : *page.contents->back().key;
        }
        EXPECT_EQ(names, expected) << prefix << " " << delimiter << " " << limit;
      }
    }
  }
}

TEST_F(S3Test, DetailsOfListings) {
  put("a b/ü", "12345");
  put("c", "x");
  ListObjectsV2Input input;
  input.bucket = "bucket";
  input.encoding_type = "url";
  input.fetch_owner = true;
  auto page = read([&](Call& call) { return list_objects_v2(call, input); });
  EXPECT_EQ(page.contents->at(0).key, "a%20b/%C3%BC");
  EXPECT_EQ(page.contents->at(0).size, 5);
  EXPECT_EQ(page.contents->at(0).storage_class, "STANDARD");
  EXPECT_EQ(page.contents->at(0).last_modified, clock.now());
  EXPECT_EQ(page.contents->at(0).owner->id->size(), 64u);
  input.start_after = "a b/ü";
  page = read([&](Call& call) { return list_objects_v2(call, input); });
  EXPECT_EQ(page.key_count, 1);
  input.max_keys = 0;
  page = read([&](Call& call) { return list_objects_v2(call, input); });
  EXPECT_EQ(page.key_count, 0);
  EXPECT_FALSE(*page.is_truncated);
  auto answer = [&] {
    return error_of([&] { read([&](Call& call) { return list_objects_v2(call, input); }); });
  };
  input.max_keys = -1;
  EXPECT_EQ(answer(), "InvalidArgument");
  input.max_keys = 1;
  input.continuation_token = "nonsense";
  EXPECT_EQ(answer(), "InvalidArgument");
  input.bucket = "none";
  EXPECT_EQ(answer(), "NoSuchBucket");
}

TEST(Listing, Beyond) {
  EXPECT_EQ(beyond("a/"), "a0");
  EXPECT_EQ(beyond("a\xff\xff"), "b");
  EXPECT_EQ(beyond("\xff"), std::nullopt);
  EXPECT_EQ(beyond(""), std::nullopt);
}

}  // namespace
}  // namespace trainyard::s3
