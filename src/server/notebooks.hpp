// Notebook instances in a browser: each has a host name of its own on the daemon's port, where the
// door of src/notebook stands in front of the Jupyter that runs in it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "notebook/door.hpp"
#include "server/parts.hpp"
#include "services/sagemaker/notebook_door.hpp"

namespace trainyard::server {

class Notebooks {
 public:
  /// A page of the console ("executions", "statemachines") as `caller` may see it.
  using Page = std::function<http::Response(const Caller& caller, const std::string& kind,
                                            const std::string& arn)>;
  /// `hosts`: names of this machine beside the loopback ones.
  Notebooks(const Parts& parts, std::vector<std::string> hosts, Page page);

  /// Whether a request is for a notebook's host.
  bool is_for(const http::Request& request) const;
  /// Answers such a request.
  http::Response handle(http::Request& request);

 private:
  struct Standing {
    std::string attempt;
    std::shared_ptr<notebook::Door> door;
  };
  std::shared_ptr<notebook::Door> door_of(const std::string& key);
  std::shared_ptr<notebook::Door> make_door(const std::string& key,
                                            const sagemaker::NotebookDoor& facts) const;
  notebook::Access access_of(const std::string& key, const sagemaker::NotebookDoor& facts) const;
  bool may_enter(const http::Request& request, const std::string& access_key,
                 const std::string& arn) const;

  const Parts parts_;
  const std::vector<std::string> hosts_;
  const Page page_;
  std::mutex mutex_;
  std::map<std::string, Standing> doors_;  // by notebook
};

}  // namespace trainyard::server
