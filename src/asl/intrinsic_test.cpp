#include "asl/intrinsic.hpp"

#include <gtest/gtest.h>

#include <set>

#include "asl/asl_testing.hpp"
#include "asl/intrinsic_functions.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"

namespace trainyard::asl {
namespace {

/// The value as JSON, or "error: cause" less the sentence that repeats the call.
std::string evaluate(const std::string& call, const std::string& input = "{}", uint64_t seed = 1) {
  Intrinsic::Refusal refusal;
  auto parsed = Intrinsic::parse(call, &refusal);
  if (!parsed) return "refused: " + refusal.reason;
  EXPECT_EQ(parsed->text(), call);
  json::value document = *parse_json(input), context = *parse_json(R"({"Map":{"n":7}})");
  Visits visits;
  SeededRandom random(seed);
  auto result = parsed->evaluate({document, context, visits}, random);
  if (auto* value = std::get_if<json::value>(&result)) return dump(*value);
  auto failure = std::get<Failure>(result);
  std::string repeated = "The function '" + call + "' had the following error: ";
  EXPECT_EQ(failure.cause.substr(0, repeated.size()), repeated);
  return failure.error + ": " + failure.cause.substr(repeated.size());
}

struct Case {
  std::string call, input, expected;
};

void check(std::initializer_list<Case> cases) {
  for (const Case& test : cases) {
    EXPECT_EQ(evaluate(test.call, test.input), test.expected) << test.call << " of " << test.input;
  }
}

std::string invalid(const std::string& function, const std::string& reason,
                    const std::string& subject = "arguments") {
  return "States.IntrinsicFailure: Invalid " + subject + " in States." + function + ": " + reason;
}

TEST(Intrinsic, Grammar) {
  check({
      {"States.Array()", "{}", "[]"},
      {"States.Array( )", "{}", "[]"},
      {"States.Array( 1 ,-2.5e1,true , false,null, 'a b' )", "{}",
       R"([1,-25.0,true,false,null,"a b"])"},
      {R"(States.Array('\'\{\}\\', '{"a": [1]}', '', 'ü,)'))", "{}",
       R"x(["'{}\\","{\"a\": [1]}","","ü,)"])x"},
      {"States.Array('a\nb')", "{}", R"(["a\nb"])"},
      {"States.Array($.a, $$.Map.n, $)", R"({"a":1})", R"([1,7,{"a":1}])"},
      {"States.Array($['a, b)'][0], $.l[?(@.n > 1 && @.k == ')')].n, $..k)",
       R"x({"a, b)":[5],"l":[{"n":1},{"n":2,"k":")"}]})x", R"x([5,[2],[")"]])x"},
      {"States.Array($.l[*].missing)", R"({"l":[1,2]})", "[[]]"},
      {"States.Array(States.Array(States.MathAdd($.a, 1)), 2)", R"({"a":1})", "[[2],2]"},
  });
}

TEST(Intrinsic, RefusesWhatIsNoCall) {
  const std::pair<const char*, const char*> kCases[] = {
      {"States.", "there is no such function at offset 7"},
      {"States.Compare(1)", "there is no such function"},
      {"States.array()", "there is no such function"},
      {"States.Array", "'(' is missing at offset 12"},
      {"States.Array ()", "'(' is missing"},
      {"States.Array(", "an argument is missing"},
      {"States.Array(1", "')' is missing"},
      {"States.Array(1,)", "an argument is missing at offset 15"},
      {"States.Array(,1)", "an argument is missing"},
      {"States.Array(1 2)", "')' is missing"},
      {"States.Array(1) ", "unexpected character at offset 15"},
      {"States.Array()[0]", "unexpected character"},
      {"States.Array([1])", "an argument is missing"},
      {"States.Array(1.)", "an argument is missing"},
      {"States.Array(.5)", "an argument is missing"},
      {"States.Array(1e309)", "an argument is missing"},
      {"States.Array(True)", "an argument is missing"},
      {"States.Array(\"a\")", "an argument is missing"},
      {"States.Array('a)", "a quote is not closed"},
      {R"(States.Array('a\n'))", "'\\' escapes nothing"},
      {R"(States.Array('a\))", "'\\' escapes nothing"},
      {"States.Array('it's')", "')' is missing"},
      {"States.Array($.)", "a name is missing"},
      {"States.Array($.a[)", "an index or a quoted name is missing"},
      {"States.Array($x)", "variables are not supported here"},
      {"States.Format()", "States.Format does not take 0 arguments"},
      {"States.UUID(1)", "States.UUID does not take 1 arguments"},
      {"States.Array(States.Hash('a'))", "States.Hash does not take 1 arguments at offset 29"},
  };
  for (const auto& [call, reason] : kCases) {
    std::string refused = evaluate(call);
    EXPECT_EQ(refused.rfind("refused: ", 0), 0u) << call << ": " << refused;
    EXPECT_NE(refused.find(reason), std::string::npos) << call << ": " << refused;
  }
  Intrinsic::Refusal refusal;
  EXPECT_FALSE(Intrinsic::parse("States.Array(1, $x_1.y)", &refusal));
  EXPECT_EQ(refusal.variable, "$x_1.y");
}

TEST(Intrinsic, EveryFunctionTakesSoManyArguments) {
  struct {
    const char* name;
    std::size_t min, max;
  } kRows[] = {
      {"StringToJson", 1, 1},   {"JsonToString", 1, 1},   {"ArrayPartition", 2, 2},
      {"ArrayContains", 2, 2},  {"ArrayRange", 3, 3},     {"ArrayGetItem", 2, 2},
      {"ArrayLength", 1, 1},    {"ArrayUnique", 1, 1},    {"Base64Encode", 1, 1},
      {"Base64Decode", 1, 1},   {"Hash", 2, 2},           {"JsonMerge", 3, 3},
      {"MathRandom", 2, 3},     {"MathAdd", 2, 2},        {"StringSplit", 2, 2},
      {"UUID", 0, 0},           {"Array", 0, 1'000},      {"Format", 1, 1'000},
  };
  EXPECT_EQ(std::size(kRows), 18u);
  for (const auto& row : kRows) {
    for (std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{3},
                              std::size_t{4}, std::size_t{1'000}}) {
      std::string call = std::string("States.") + row.name + "(";
      for (std::size_t i = 0; i < count; ++i) call += i ? ",1" : "1";
      EXPECT_EQ(Intrinsic::parse(call + ")").has_value(), count >= row.min && count <= row.max)
          << row.name << " " << count;
    }
  }
}

TEST(Intrinsic, CallsNestTenDeep) {
  auto nested = [](int depth) {
    std::string call = "1";
    for (int i = 0; i < depth; ++i) call = "States.Array(" + call + ")";
    return evaluate(call);
  };
  EXPECT_EQ(nested(kIntrinsicDepthMax), "[[[[[[[[[[1]]]]]]]]]]");
  EXPECT_NE(nested(kIntrinsicDepthMax + 1).find("refused: calls are nested too deep"),
            std::string::npos);
  // How many stand beside one another does not count.
  EXPECT_EQ(evaluate("States.Format('{}{}{}{}{}{}{}{}{}{}{}',States.MathAdd(1,1),"
                     "States.MathAdd(1,1),States.MathAdd(1,1),States.MathAdd(1,1),"
                     "States.MathAdd(1,1),States.MathAdd(1,1),States.MathAdd(1,1),"
                     "States.MathAdd(1,1),States.MathAdd(1,1),States.MathAdd(1,1),"
                     "States.MathAdd(1,1))"),
            R"("22222222222")");
}

TEST(Intrinsic, PathsThatLeadNowhereAreRuntimeErrors) {
  const std::string kNot = "could not be found in the input ";
  check({
      {"States.Array(1, $.a.b)", R"({"a":1})",
       "States.Runtime: The JsonPath argument for the field '$.a.b' " + kNot + R"('{"a":1}')"},
      {"States.ArrayLength(States.Array($.l[5]))", R"({"l":[1]})",
       "States.Runtime: The JsonPath argument for the field '$.l[5]' " + kNot + R"('{"l":[1]}')"},
      {"States.Array($$.Nope)", "{}",
       "States.Runtime: The JsonPath argument for the field '$.Nope' " + kNot + "'{}'"},
  });
}

TEST(Intrinsic, Format) {
  const std::string kCount = "number of arguments do not match the occurrences of {}.";
  check({
      {"States.Format('no placeholders')", "{}", R"("no placeholders")"},
      {"States.Format('{}')", "{}", invalid("Format", kCount)},
      {"States.Format('{}{}{}', $.a, 2, 'x')", R"({"a":"ü"})", R"("ü2x")"},
      {"States.Format('{}|{}|{}|{}|{}', $.n, true, -1, 3.5, 9007199254740991)", R"({"n":null})",
       R"("null|true|-1|3.5|9007199254740991")"},
      {"States.Format('{} {}', $.o, $.l)", R"({"o":{"Id":"i","l":[]},"l":[1,"a",null]})",
       R"("{\"Id\":\"i\",\"l\":[]} [1,\"a\",null]")"},
      {R"(States.Format('Name: \'{}\', "{}", \{\} \\ {}', 'a', 'b', 'c'))", "{}",
       R"("Name: 'a', \"b\", {} \\ c")"},
      {"States.Format($.t, $.n)", R"({"t":"Hello {}","n":"Ada"})", R"("Hello Ada")"},
      {"States.Format($.t, 1)", R"({"t":"it's \\{{}\\}"})", R"("it's {1}")"},
      {"States.Format('{}', '{}')", "{}", R"("{}")"},
      {R"(States.Format('{}', '\{\'\\'))", "{}", R"("{'\\")"},
      {"States.Format('{}', $.a, 2)", R"({"a":1})", invalid("Format", kCount)},
      {"States.Format($.t)", R"({"t":1})", invalid("Format", "argument 1 is no string")},
      {"States.Format('Hello {', 1)", "{}",
       invalid("Format", "matching '}' not found for '{'.", "template")},
      {"States.Format('Hello {{}}', 1)", "{}",
       invalid("Format", "matching '}' not found for '{'.", "template")},
      {"States.Format('}')", "{}",
       invalid("Format", "matching '{' not found for '}'.", "template")},
      {"States.Format($.t)", R"({"t":"a\\b"})",
       invalid("Format", "'\\' escapes nothing.", "template")},
      {"States.Format($.t)", R"({"t":"a\\"})",
       invalid("Format", "'\\' escapes nothing.", "template")},
  });
}

TEST(Intrinsic, Json) {
  check({
      {R"(States.StringToJson('{"a": [1, 2.5, "x"]}'))", "{}", R"({"a":[1,2.5,"x"]})"},
      {"States.StringToJson(' \"s\" ')", "{}", R"("s")"},
      {"States.StringToJson('-0')", "{}", "0"},
      {"States.StringToJson('{bad}')", "{}",
       invalid("StringToJson", "argument 1 is no JSON: syntax error at offset 1")},
      {"States.StringToJson($.a)", R"({"a":{}})",
       invalid("StringToJson", "argument 1 is no string")},
      {"States.JsonToString($)", R"({"b":1,"a":[null,true,1.5,"\"q\""]})",
       R"("{\"b\":1,\"a\":[null,true,1.5,\"\\\"q\\\"\"]}")"},
      {"States.JsonToString('x')", "{}", R"("\"x\"")"},
      {"States.JsonMerge($.a, $.b, false)", R"({"a":{"x":{"l":1},"y":2},"b":{"x":{"r":1},"z":3}})",
       R"({"x":{"r":1},"y":2,"z":3})"},
      {"States.JsonMerge($.a, $.a, true)", R"({"a":{}})",
       invalid("JsonMerge", "argument 3 is true: objects are merged shallowly")},
      {"States.JsonMerge($.a, $.a, 'false')", R"({"a":{}})",
       invalid("JsonMerge", "argument 3 is no boolean")},
      {"States.JsonMerge(null, $.a, false)", R"({"a":{}})",
       invalid("JsonMerge", "argument 1 is no object")},
      {"States.JsonMerge($.a, States.Array(), false)", R"({"a":{}})",
       invalid("JsonMerge", "argument 2 is no object")},
  });
}

TEST(Intrinsic, ArraysArePartitionedAndSearched) {
  check({
      {"States.ArrayPartition($, 4)", "[1,2,3,4,5,6,7,8,9]", "[[1,2,3,4],[5,6,7,8],[9]]"},
      {"States.ArrayPartition($, 1.6)", "[1,2,3]", "[[1,2],[3]]"},
      {"States.ArrayPartition($, 2147483647)", "[1,2]", "[[1,2]]"},
      {"States.ArrayPartition($, 1)", "[]", "[]"},
      {"States.ArrayPartition($, 0.4)", "[1]",
       invalid("ArrayPartition", "argument 2 is no positive integer")},
      {"States.ArrayPartition($, -1)", "[1]",
       invalid("ArrayPartition", "argument 2 is no positive integer")},
      {"States.ArrayPartition($, '2')", "[1]",
       invalid("ArrayPartition", "argument 2 is no positive integer")},
      {"States.ArrayPartition($, 1)", "{}", invalid("ArrayPartition", "argument 1 is no array")},
      {"States.ArrayContains($.a, $.b)", R"({"a":[1,{"x":[1,2]}],"b":{"x":[1,2]}})", "true"},
      {"States.ArrayContains($, 2.0)", "[1,2]", "true"},
      {"States.ArrayContains($, null)", "[]", "false"},
      {"States.ArrayContains($, false)", "[0,\"\",null]", "false"},
      {"States.ArrayContains('ab', 'a')", "{}", invalid("ArrayContains", "argument 1 is no array")},
      {"States.ArrayGetItem($, 5)", "[1,2,3,4,5,6,7,8,9]", "6"},
      {"States.ArrayGetItem($, 0.9)", "[1,null]", "null"},
      {"States.ArrayGetItem($, 3)", "[1,2,3]",
       invalid("ArrayGetItem", "there is no item 3 among 3")},
      {"States.ArrayGetItem($, -1)", "[1]", invalid("ArrayGetItem", "there is no item -1 among 1")},
      {"States.ArrayGetItem($, '0')", "[1]", invalid("ArrayGetItem", "argument 2 is no integer")},
      {"States.ArrayGetItem($, 0)", "{}", invalid("ArrayGetItem", "argument 1 is no array")},
      {"States.ArrayLength($)", "[1,[2,3]]", "2"},
      {"States.ArrayLength($)", "{\"a\":1}", invalid("ArrayLength", "argument 1 is no array")},
      {"States.ArrayUnique($)", R"([1,"1",1.0,true,null,true,{"a":1,"b":[2.0]},{"b":[2],"a":1},1.5])",
       R"([1,"1",true,null,{"a":1,"b":[2.0]},1.5])"},
      {"States.ArrayUnique($)", "\"x\"", invalid("ArrayUnique", "argument 1 is no array")},
  });
}

TEST(Intrinsic, ArrayRangeHasAThousandItemsAtMost) {
  check({
      {"States.ArrayRange(1, 9, 2)", "{}", "[1,3,5,7,9]"},
      {"States.ArrayRange(0, 10, 3)", "{}", "[0,3,6,9]"},
      {"States.ArrayRange(5, 1, -2)", "{}", "[5,3,1]"},
      {"States.ArrayRange(3, 3, -1)", "{}", "[3]"},
      {"States.ArrayRange(5, 1, 1)", "{}", "[]"},
      {"States.ArrayRange(1, 5, -1)", "{}", "[]"},
      {"States.ArrayRange(0.6, 1.4, 1)", "{}", "[1]"},
      {"States.ArrayRange(5.4, 0.6, -2.4)", "{}", "[5,3,1]"},
      {"States.ArrayLength(States.ArrayRange(1000, 1, -1))", "{}", "1000"},
      {"States.ArrayLength(States.ArrayRange(-2147483648, 2147483647, 4299262))", "{}", "1000"},
      {"States.ArrayRange(1, 1001, 1)", "{}",
       invalid("ArrayRange", "the array would have more than 1000 items")},
      {"States.ArrayRange(-2147483648, 2147483647, 1)", "{}",
       invalid("ArrayRange", "the array would have more than 1000 items")},
      {"States.ArrayRange(1, 10, 0)", "{}", invalid("ArrayRange", "argument 3 is 0")},
      {"States.ArrayRange(1, 10, 0.49)", "{}", invalid("ArrayRange", "argument 3 is 0")},
      {"States.ArrayRange('a', 5, 1)", "{}", invalid("ArrayRange", "argument 1 is no integer")},
      {"States.ArrayRange(1, 2147483648, 1)", "{}",
       invalid("ArrayRange", "argument 2 is no integer")},
      {"States.ArrayRange(1, 5, true)", "{}", invalid("ArrayRange", "argument 3 is no integer")},
  });
}

TEST(Intrinsic, TextIsEncodedAndHashed) {
  auto of_size = [](std::size_t size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += "é";
    return "{\"s\":\"" + text + "\"}";
  };
  const std::string kLong = "argument 1 has more than 10000 characters";
  check({
      {"States.Base64Encode('Data to encode')", "{}", R"("RGF0YSB0byBlbmNvZGU=")"},
      {"States.Base64Encode('')", "{}", R"("")"},
      {"States.Base64Encode('✓')", "{}", R"("4pyT")"},
      {"States.Base64Encode(123)", "{}", invalid("Base64Encode", "argument 1 is no string")},
      {"States.Base64Encode($.s)", of_size(10'001), invalid("Base64Encode", kLong)},
      {"States.Base64Decode('RGF0YSB0byBlbmNvZGU=')", "{}", R"("Data to encode")"},
      {"States.Base64Decode('YWJjZA')", "{}",
       invalid("Base64Decode", "argument 1 is no base64 text")},
      {"States.Base64Decode('!YWJj')", "{}",
       invalid("Base64Decode", "argument 1 is no base64 text")},
      {"States.Base64Decode('/w==')", "{}", "\"\xEF\xBF\xBD\""},
      {"States.Base64Decode($)", "{}", invalid("Base64Decode", "argument 1 is no string")},
      {"States.Base64Decode($.s)", of_size(10'001), invalid("Base64Decode", kLong)},
      {"States.Hash('Data', 'MD5')", "{}", "\"" + hex(digest(Digest::md5, "Data")) + "\""},
      {"States.Hash('hello', 'SHA-1')", "{}", R"("aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d")"},
      {"States.Hash('hello', 'SHA-256')", "{}",
       R"("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")"},
      {"States.Hash(12, 'SHA-384')", "{}", "\"" + hex(digest(Digest::sha384, "12")) + "\""},
      {"States.Hash($.s, 'SHA-512')", R"({"s":""})",
       "\"" + hex(digest(Digest::sha512, "")) + "\""},
      {"States.Hash('a', 'sha-256')", "{}",
       invalid("Hash", "argument 2 is none of MD5, SHA-1, SHA-256, SHA-384, SHA-512")},
      {"States.Hash('a', 1)", "{}", invalid("Hash", "argument 2 is no string")},
      {"States.Hash($.s, 'MD5')", of_size(10'001), invalid("Hash", kLong)},
  });
  for (const char* call : {"States.Base64Encode($.s)", "States.Hash($.s, 'MD5')"}) {
    EXPECT_EQ(evaluate(call, of_size(10'000))[0], '"') << call;
  }
}

TEST(Intrinsic, MathAdd) {
  const std::string kNo = " is no integer of 32 bits";
  check({
      {"States.MathAdd(111, -1)", "{}", "110"},
      {"States.MathAdd(1.49, 1.50)", "{}", "3"},
      {"States.MathAdd(0.5, 2.5)", "{}", "4"},
      {"States.MathAdd(-0.5, 0.5)", "{}", "1"},
      {"States.MathAdd(-1.5, -1.51)", "{}", "-3"},
      {"States.MathAdd(2147483646, 1)", "{}", "2147483647"},
      {"States.MathAdd(-2147483647, -1)", "{}", "-2147483648"},
      {"States.MathAdd(2147483647, 1)", "{}", invalid("MathAdd", "the sum" + kNo)},
      {"States.MathAdd(-2147483648, -1)", "{}", invalid("MathAdd", "the sum" + kNo)},
      {"States.MathAdd(3000000000, 1)", "{}", invalid("MathAdd", "argument 1" + kNo)},
      {"States.MathAdd(1, 1e300)", "{}", invalid("MathAdd", "argument 2" + kNo)},
      {"States.MathAdd(1, 18446744073709551615)", "{}", invalid("MathAdd", "argument 2" + kNo)},
      {"States.MathAdd('1', 1)", "{}", invalid("MathAdd", "argument 1" + kNo)},
      {"States.MathAdd(1, null)", "{}", invalid("MathAdd", "argument 2" + kNo)},
      {"States.MathAdd(true, 1)", "{}", invalid("MathAdd", "argument 1" + kNo)},
  });
}

TEST(Intrinsic, StringSplit) {
  check({
      {"States.StringSplit('1,2,3', ',')", "{}", R"(["1","2","3"])"},
      {"States.StringSplit('This.is+a,test=string', '.+,=')", "{}",
       R"(["This","is","a","test","string"])"},
      {"States.StringSplit(', , ,', ',')", "{}", R"([" "," "])"},
      {"States.StringSplit('', ',')", "{}", "[]"},
      {"States.StringSplit('abc', '')", "{}", R"(["abc"])"},
      {"States.StringSplit('aéb→cèd', 'é→')", "{}", R"(["a","b","cèd"])"},
      {"States.StringSplit(1, ',')", "{}", invalid("StringSplit", "argument 1 is no string")},
      {"States.StringSplit('a', $)", "[\",\"]", invalid("StringSplit", "argument 2 is no string")},
  });
}

TEST(Intrinsic, ChanceComesIn) {
  const std::string kCall = "States.MathRandom(-3, 4)";
  std::set<std::string> drawn, seeded, ids;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    drawn.insert(evaluate(kCall, "{}", seed));
    seeded.insert(evaluate("States.MathRandom(1, 1000, 42)", "{}", seed));
    ids.insert(evaluate("States.UUID()", "{}", seed));
    EXPECT_EQ(evaluate(kCall, "{}", seed), evaluate(kCall, "{}", seed));
  }
  EXPECT_EQ(drawn, (std::set<std::string>{"-3", "-2", "-1", "0", "1", "2", "3"}));
  EXPECT_EQ(seeded.size(), 1u);
  EXPECT_EQ(ids.size(), 200u);
  std::string id = *ids.begin();
  EXPECT_EQ(id.size(), 38u);
  EXPECT_EQ(id[15], '4') << id;
  SeededRandom random(1);
  EXPECT_EQ(evaluate("States.UUID()", "{}", 1), "\"" + random.uuid() + "\"");
  std::string two = evaluate("States.Array(States.UUID(), States.UUID())");
  EXPECT_NE(two.substr(1, 38), two.substr(40, 38));
  check({
      {"States.MathRandom(1.4, 1.6)", "{}", "1"},
      {"States.MathRandom(1, 1)", "{}",
       invalid("MathRandom", "argument 1 is not smaller than argument 2")},
      {"States.MathRandom(1.9, 2.1)", "{}",
       invalid("MathRandom", "argument 1 is not smaller than argument 2")},
      {"States.MathRandom('1', 2)", "{}", invalid("MathRandom", "argument 1 is no integer")},
      {"States.MathRandom(1, null)", "{}", invalid("MathRandom", "argument 2 is no integer")},
      {"States.MathRandom(1, 2, 's')", "{}", invalid("MathRandom", "argument 3 is no integer")},
  });
}

/// Text of letters, quotes, braces, backslashes and characters of several bytes.
std::string text_by_chance(Random& random) {
  static constexpr const char* kPieces[] = {"a", "\"", "'", "{", "}", "\\", "{}", "é", "🚀", "\n"};
  std::string text;
  for (uint64_t count = random.below(12); count > 0; --count) {
    text += kPieces[random.below(std::size(kPieces))];
  }
  return text;
}

json::value value_by_chance(Random& random, int depth) {
  switch (random.below(depth > 0 ? 7 : 5)) {
    case 0:
      return nullptr;
    case 1:
      return random.below(2) == 0;
    case 2:
      return static_cast<int64_t>(random.next());
    case 3:  // others are read back with the last digit off
      return static_cast<double>(random.below(1 << 20)) / 64 - 4'000;
    case 4:
      return json::value(text_by_chance(random));
    case 5: {
      json::array array;
      for (uint64_t count = random.below(4); count > 0; --count) {
        array.push_back(value_by_chance(random, depth - 1));
      }
      return array;
    }
    default: {
      json::object object;
      for (uint64_t count = random.below(4); count > 0; --count) {
        object[text_by_chance(random)] = value_by_chance(random, depth - 1);
      }
      return object;
    }
  }
}

TEST(Intrinsic, WhatIsThereAndBackIsTheSame) {
  SeededRandom random(5);
  for (int i = 0; i < 2'000; ++i) {
    std::string value = dump(json::object{{"v", value_by_chance(random, 3)}});
    EXPECT_EQ(evaluate("States.StringToJson(States.JsonToString($))", value), value);
    std::string text = text_by_chance(random), input = dump(json::object{{"v", json::value(text)}});
    std::string quoted = dump(json::value(text));
    EXPECT_EQ(evaluate("States.Base64Decode(States.Base64Encode($.v))", input), quoted);
    // With the four escaped, a text is its own literal and its own template.
    std::string escaped;
    for (char c : text) escaped += (is_escapable(c) ? "\\" : "") + std::string(1, c);
    EXPECT_EQ(evaluate("States.Format('" + escaped + "')", input), quoted);
    EXPECT_EQ(evaluate("States.Format('{}', '" + escaped + "')", input), quoted);
    EXPECT_EQ(evaluate("States.Format('{}', $.v)", input), quoted);
  }
}

TEST(Intrinsic, ArgumentsAreNoLargerThanAPayload) {
  std::string input = "\"" + std::string(kPayloadBytesMax / 2, 'x') + "\"";
  const std::string kTooLarge =
      "States.DataLimitExceeded: The arguments have a size exceeding the maximum number of bytes "
      "service limit.";
  EXPECT_EQ(evaluate("States.ArrayLength(States.Array($))", input), "1");
  EXPECT_EQ(evaluate("States.ArrayLength(States.Array($, $))", input), kTooLarge);
  EXPECT_EQ(evaluate("States.Array(States.Format('{}{}', $, $))", input), kTooLarge);
  // Escapes double at each level.
  std::string nested = "$";
  for (int i = 0; i < 9; ++i) nested = "States.JsonToString(" + nested + ")";
  EXPECT_EQ(evaluate(nested, dump(json::value(std::string(10'000, '"')))), kTooLarge);
}

TEST(Intrinsic, WorkCountsAsVisits) {
  std::string call = "States.Array(";
  for (int i = 0; i < 2'000; ++i) {
    call += i ? ",States.ArrayLength($)" : "States.ArrayLength($)";
  }
  json::array large(60'000, json::value(1));
  EXPECT_THROW(evaluate(call + ")", dump(json::value(std::move(large)))), TooManyVisits);
}

/// Calls with bytes changed, dropped and doubled: each is refused or evaluated without a crash.
TEST(Intrinsic, MutatedCallsAreRefusedOrEvaluated) {
  const std::string kWhole =
      R"(States.Format('{} \{\'\\ {}', States.ArrayGetItem(States.StringSplit($.a['b'], ',;'), 0),)"
      R"( States.JsonMerge($.o, States.StringToJson('{"x":[1,-2.5e1]}'), false)))";
  SeededRandom random(3);
  int evaluated = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string result = evaluate(mutated(kWhole, random), R"({"a":{"b":"1;2"},"o":{"y":1}})");
    evaluated += result.rfind("refused", 0) != 0;
  }
  EXPECT_GT(evaluated, 500);
}

}  // namespace
}  // namespace trainyard::asl
