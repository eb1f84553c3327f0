#include "policy/locate.hpp"

#include <gtest/gtest.h>

#include <string>

namespace trainyard::policy {
namespace {

std::string located(std::string_view text) {
  std::string out;
  for (const Span& span : locate_statements(text)) {
    out += std::to_string(span.start.line) + ":" + std::to_string(span.start.column) + "-" +
           std::to_string(span.end.line) + ":" + std::to_string(span.end.column) + " ";
  }
  return out;
}

TEST(LocateStatements, InLists) {
  EXPECT_EQ(located("{\n"
                    "    \"Version\": \"2012-10-17\",\n"
                    "    \"Statement\": [\n"
                    "        {\n"
                    "            \"Effect\": \"Allow\",\n"
                    "            \"Action\": [\"a:b\", \"a:c\"],\n"
                    "            \"Resource\": \"*\"\n"
                    "        }, {\"Effect\": \"Deny\", \"Action\": \"*\", \"Resource\": \"*\"}\n"
                    "    ]\n"
                    "}"),
            "3:19-8:10 8:11-8:62 ");
}

TEST(LocateStatements, Alone) {
  EXPECT_EQ(located(R"({"Statement":{"Action":"a:b"},"Version":"2012-10-17"})"), "1:14-1:30 ");
}

TEST(LocateStatements, TextThatLooksLikeStructure) {
  // Braces, brackets and quotes inside of texts, a key of the same name deeper in, characters of
  // several bytes.
  EXPECT_EQ(located(R"({"Id":"\"]},{","Statement":[{"Sid":"}","Condition":{"Statement":["ä"]}}]})"),
            "1:29-1:72 ");
}

TEST(LocateStatements, AnythingElseEnds) {
  for (std::string_view text :
       {"", "{", "[", R"({"Statement":)", R"({"Statement":[{)", "null", R"({"Statement":[1)"}) {
    locate_statements(text);
  }
  EXPECT_EQ(located("{}"), "");
}

}  // namespace
}  // namespace trainyard::policy
