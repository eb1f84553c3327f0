#include "notebook/pages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/json.hpp"

namespace trainyard::notebook {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Pages, TheScriptComesFirst) {
  const std::string tag = "<script src=\"/_trainyard/notebook.js\"></script>";
  EXPECT_EQ(with_script("<html><head><title>x"), "<html><head>" + tag + "<title>x");
  EXPECT_EQ(with_script("<HEAD lang=en>\n<body>"), "<HEAD lang=en>" + tag + "\n<body>");
  EXPECT_EQ(with_script("<body><header>x"), "<body><header>x");
  EXPECT_EQ(with_script("<header></header><head>x"), "<header></header><head>" + tag + "x");
  EXPECT_EQ(with_script("<head"), "<head");
  EXPECT_THAT(std::string(script()), HasSubstr("addEventListener"));
}

TEST(Pages, FilesOfTheUserStayAsTheyAre) {
  const struct {
    const char* path;
    int status;
    const char* type;
    const char* policy;
    bool ours;
  } rows[] = {{"/lab/tree/x.ipynb", 200, "text/html; charset=UTF-8", "frame-ancestors 'self'",
               true},
              {"/lab", 200, "TEXT/HTML", "", true},
              {"/lab", 404, "text/html", "", false},
              {"/static/x.js", 200, "text/javascript", "", false},
              {"/files/page.html", 200, "text/html", "", false},
              {"/nbconvert/html/x.ipynb", 200, "text/html", "", false},
              {"/some/page", 200, "text/html", "sandbox allow-scripts", false}};
  for (const auto& row : rows) {
    http::Response response = http::text_response(row.status, "", row.type);
    if (*row.policy != '\0') response.headers.set("Content-Security-Policy", row.policy);
    EXPECT_EQ(is_application_page(row.path, response), row.ours) << row.path << row.status;
  }
  http::Response packed = http::text_response(200, "", "text/html");
  packed.headers.set("Content-Encoding", "gzip");
  EXPECT_FALSE(is_application_page("/lab", packed));
}

constexpr const char* kWish = R"({
  "definition": {"StartAt": "One", "States": {"One": {"Type": "Pass", "End": true}}},
  "direction": "right",
  "events": [{"id": 2, "type": "PassStateEntered", "previousEventId": 0,
              "stateEnteredEventDetails": {"name": "One"}},
             {"id": 3, "type": "PassStateExited", "previousEventId": 2,
              "stateExitedEventDetails": {"name": "One"}}]})";

TEST(Pages, Drawings) {
  const http::Response response = drawing(kWish);
  EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
  const json::object answer = parse_own_json(response.body).as_object();
  const std::string svg = find_string(answer, "svg").value_or("");
  EXPECT_THAT(svg, StartsWith("<svg "));
  EXPECT_THAT(svg, HasSubstr("data-state=\"One\" data-status=\"succeeded\""));
  const json::object* colours = find_object(answer, "colours");
  ASSERT_NE(colours, nullptr);
  EXPECT_THAT(svg, HasSubstr("fill=\"" + find_string(*colours, "succeeded").value_or("?") + "\""));
}

TEST(Pages, DrawingsOfWhatIsNone) {
  for (const char* wish : {"", "[]", "{", "{}", R"({"definition": "x"})",
                           R"({"definition": {}, "direction": "up"})"}) {
    EXPECT_THROW(drawing(wish), ApiError) << wish;
  }
}

TEST(Pages, NoticesAreText) {
  const http::Response page = notice(403, "No <access>", "a & b");
  EXPECT_EQ(page.status, 403);
  EXPECT_THAT(page.body, HasSubstr("<h1>No &lt;access&gt;</h1>"));
  EXPECT_THAT(page.body, HasSubstr("a &amp; b"));
}

}  // namespace
}  // namespace trainyard::notebook
