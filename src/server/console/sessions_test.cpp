#include "server/console/sessions.hpp"

#include <gtest/gtest.h>

namespace trainyard::server::console {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class SessionsTest : public testing::Test {
 protected:
  const Time now = from_epoch_seconds(1'800'000'000);
  SeededRandom random{7};
  Sessions sessions{random};
};

TEST_F(SessionsTest, ALinkOpensOnce) {
  const auto link = sessions.issue_link("AKIA1", now);
  EXPECT_EQ(link.token.size(), 64u);
  EXPECT_EQ(link.expires, now + minutes(5));
  EXPECT_EQ(sessions.use_link(link.token, now + minutes(4)), "AKIA1");
  EXPECT_EQ(sessions.use_link(link.token, now + minutes(4)), std::nullopt);
  EXPECT_EQ(sessions.use_link("", now), std::nullopt);
}

TEST_F(SessionsTest, ALinkThatIsTooOldIsSpent) {
  const auto link = sessions.issue_link("AKIA1", now);
  EXPECT_EQ(sessions.use_link(link.token, now + minutes(5)), std::nullopt);
  EXPECT_EQ(sessions.use_link(link.token, now), std::nullopt);
}

TEST_F(SessionsTest, ALinkIsNoSessionNorIsASessionALink) {
  const auto link = sessions.issue_link("AKIA1", now);
  const auto session = sessions.open("AKIA1", std::nullopt, now);
  EXPECT_FALSE(sessions.find(link.token, now));
  EXPECT_FALSE(sessions.use_link(session.token, now));
}

TEST_F(SessionsTest, ASessionLastsTwelveHoursAtMost) {
  const auto session = sessions.open("AKIA1", std::nullopt, now);
  EXPECT_EQ(session.expires, now + hours(12));
  EXPECT_EQ(sessions.find(session.token, now + hours(12) - milliseconds(1))->access_key, "AKIA1");
  EXPECT_FALSE(sessions.find(session.token, now + hours(12)));
}

TEST_F(SessionsTest, ASessionEndsWithTheKeyThatItWasMadeWith) {
  const auto brief = sessions.open("ASIA1", now + minutes(15), now);
  EXPECT_EQ(brief.expires, now + minutes(15));
  EXPECT_FALSE(sessions.find(brief.token, now + minutes(15)));
  EXPECT_EQ(sessions.open("ASIA2", now + hours(36), now).expires, now + hours(12));
}

TEST_F(SessionsTest, AClosedSessionIsGone) {
  const auto one = sessions.open("AKIA1", std::nullopt, now);
  const auto other = sessions.open("AKIA1", std::nullopt, now);
  sessions.close(one.token);
  EXPECT_FALSE(sessions.find(one.token, now));
  EXPECT_TRUE(sessions.find(other.token, now));
}

TEST_F(SessionsTest, TheOneThatEndsFirstGivesWay) {
  const auto first = sessions.open("AKIA1", std::nullopt, now);
  for (std::size_t i = 1; i < kSessionsMax; ++i) {
    sessions.open("OTHER" + std::to_string(i), std::nullopt, now + seconds(1));
  }
  EXPECT_TRUE(sessions.find(first.token, now));
  const auto last = sessions.open("AKIA3", std::nullopt, now + seconds(2));
  EXPECT_FALSE(sessions.find(first.token, now));
  EXPECT_TRUE(sessions.find(last.token, now));
}

TEST_F(SessionsTest, NoKeyTakesTheOthersPlaces) {
  const auto other = sessions.open("AKIA1", std::nullopt, now);
  const auto first = sessions.open("AKIA2", std::nullopt, now + seconds(1));
  const auto second = sessions.open("AKIA2", std::nullopt, now + seconds(2));
  for (std::size_t i = 1; i < kOfOneKeyMax; ++i) {
    sessions.open("AKIA2", std::nullopt, now + seconds(3));
  }
  EXPECT_TRUE(sessions.find(other.token, now));
  EXPECT_FALSE(sessions.find(first.token, now));
  EXPECT_TRUE(sessions.find(second.token, now));
}

TEST_F(SessionsTest, TooManyFailuresAreWaitedOut) {
  for (std::size_t i = 0; i < kFailuresMax; ++i) {
    EXPECT_TRUE(sessions.may_try(now));
    sessions.note_failure(now);
  }
  EXPECT_FALSE(sessions.may_try(now + seconds(59)));
  EXPECT_TRUE(sessions.may_try(now + minutes(1)));
}

}  // namespace
}  // namespace trainyard::server::console
