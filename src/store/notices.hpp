// News of commits for those who wait for them: a transaction tells a topic (Txn::tell), and once it
// is committed the one who has stood in that topic's line longest is called. News that nobody waits
// for is lost, so whoever lines up looks at the store again afterwards; news that turns out to be
// old is waited past.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace trainyard {

class Notices {
 public:
  /// A place in a topic's line; in it from the start.
  class Place {
   public:
    /// `called` runs on the thread that tells; it takes no lock under which this class is used.
    Place(Notices& notices, std::string topic, std::function<void()> called);
    /// A call that it has had and not used goes to the next in the line.
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    /// The call that it had, if it had one, was used or is old: back to the end of the line.
    void line_up();

   private:
    friend class Notices;
    Notices& notices_;
    const std::string topic_;
    const std::function<void()> called_;
    bool lined_up_ = false;  // or else called
  };

  /// Calls the first in the topic's line, if there is one.
  void tell(const std::string& topic);
  /// How many places there are for a topic, called ones included.
  std::size_t places(const std::string& topic);

 private:
  struct Topic {
    std::deque<Place*> line;
    std::size_t places = 0;
  };
  void call_first(Topic& topic);

  std::mutex mutex_;
  std::map<std::string, Topic> topics_;
};

}  // namespace trainyard
