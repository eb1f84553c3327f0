#include "asl/path.hpp"

#include <gtest/gtest.h>

#include "asl/payload.hpp"
#include "base/json.hpp"

namespace trainyard::asl {
namespace {

const char* kDocument = R"({"a":{"b c":[10,20,30]},"o'k":1,"ü":2,
  "list":[{"n":1,"k":"x"},{"n":5,"k":"y"},{"n":9}],"x-y_z":true})";

TEST(Path, Finds) {
  struct {
    const char *path, *expected;
  } kCases[] = {
      {"$.a['b c'][1]", "20"},
      {R"($["a"]["b c"][-1])", "30"},
      {R"($['o\'k'])", "1"},
      {"$.ü", "2"},
      {"$.x-y_z", "true"},
      {"$.a['b c'][0:2]", "[10,20]"},
      {"$.a['b c'][-2:]", "[20,30]"},
      {"$.a['b c'][0,2]", "[10,30]"},
      {"$.a['b c'][*]", "[10,20,30]"},
      {"$.list[*].n", "[1,5,9]"},
      {"$..n", "[1,5,9]"},
      {"$.list..k", R"(["x","y"])"},
      {"$.list[0]['n','k']", R"([1,"x"])"},
      {"$.list[?(@.n > 1)].n", "[5,9]"},
      {"$.list[?(@.k == 'x' || @.n>=9)].n", "[1,9]"},
      {"$.list[?(@.k && !(@.n == 1))].n", "[5]"},
      {"$.list[?(@.n != 5 && @.n < 100)].n", "[1,9]"},
      {"$.list[?(@.missing)]", "[]"},
      {"$.list.*.n", "[1,5,9]"},
      {"$$.Ctx", "\"c\""},
      {"$.missing", "-"},
      {"$.list[7]", "-"},
      {"$.list.n", "-"},
      {"$.a.b", "-"},
  };
  json::value document = *parse_json(kDocument), context = *parse_json(R"({"Ctx":"c"})");
  Visits visits;
  for (const auto& test : kCases) {
    std::string error;
    auto path = Path::parse(test.path, &error);
    ASSERT_TRUE(path) << test.path << ": " << error;
    EXPECT_EQ(path->text(), test.path);
    auto found = path->find({document, context, visits});
    EXPECT_EQ(found ? dump(*found) : "-", test.expected) << test.path;
  }
}

TEST(Path, LooksAtNoMoreThanItMay) {
  // Of the largest payload, everything once, twice, and by a condition.
  std::string wide = "[0", deep = "1";
  while (wide.size() + 2 < kPayloadBytesMax) wide += ",0";
  for (int i = 0; i < 80; ++i) {
    deep = "[" + deep + std::string(",{\"x\":1},[2]") + "]";
  }
  json::value context = nullptr, flat = *parse_json(wide + "]");
  for (const char* text : {"$..x", "$[*]..*", "$..[?(@.x)]", "$[?(@ == 0)]", "$[?(@..x)]"}) {
    Visits visits;
    EXPECT_NO_THROW(Path::parse(text)->find({flat, context, visits})) << text;
  }
  json::value nested = *parse_json(deep);
  Visits few;
  EXPECT_NO_THROW(Path::parse("$..[?(@.x)]")->find({nested, context, few}));
  EXPECT_LT(few.spent(), kVisitsMax / 1'000);
  Visits many;
  EXPECT_THROW(Path::parse("$..[?(@..[?(@..[?(@..x)])])]")->find({nested, context, many}),
               TooManyVisits);
}

TEST(Path, RefusesWhatIsNoPath) {
  for (const char* text : {"", "a", "$.", "$..", "$a", "$[", "$['a", "$['a'", "$[]", "$.a b",
                           "$.a[x]", "$.a[1,]", "$.a.length()", "$.a[?(@.b == )]", "$.a[?@.b]",
                           "$.a]", "$.a[?(1)]", "$$$", "$.a[99999999999]"}) {
    std::string error;
    EXPECT_FALSE(Path::parse(text, &error)) << text;
    EXPECT_NE(error, "") << text;
  }
}

TEST(Path, AssignsAtReferences) {
  struct {
    const char *root, *path, *result;
  } kCases[] = {
      {"{}", "$.a", R"({"a":9})"},
      {"{}", "$.a.b['c d']", R"({"a":{"b":{"c d":9}}})"},
      {R"({"a":{"k":1}})", "$.a.b", R"({"a":{"k":1,"b":9}})"},
      {R"({"a":[1,2]})", "$.a[1]", R"({"a":[1,9]})"},
      {R"({"a":null})", "$.a.b", R"({"a":{"b":9}})"},
      {"5", "$", "9"},
      {"5", "$.a", "-"},
      {"[1]", "$.a", "-"},
      {"null", "$.a", "-"},
      {R"({"a":"text"})", "$.a.b", "-"},
      {R"({"a":[1,2]})", "$.a[2]", "-"},
  };
  for (const auto& test : kCases) {
    json::value root = *parse_json(test.root);
    bool done = Path::parse(test.path)->assign(root, 9);
    EXPECT_EQ(done ? dump(root) : "-", test.result) << test.root << test.path;
  }
  EXPECT_TRUE(Path::parse("$.a['b'][0]")->is_reference());
  for (const char* text : {"$..a", "$.a[*]", "$.a[-1]", "$.a[0:1]", "$['a','b']"}) {
    EXPECT_FALSE(Path::parse(text)->is_reference()) << text;
  }
}

TEST(Payload, Text) {
  EXPECT_EQ(dump(*parse_json(R"({"a":[1.5,1.0,2,-0.25,1e300,true,null,"é\n"],"b":{}, "":[]})")),
            R"({"a":[1.5,1.0,2,-0.25,1e+300,true,null,"é\n"],"b":{},"":[]})");
}

}  // namespace
}  // namespace trainyard::asl
