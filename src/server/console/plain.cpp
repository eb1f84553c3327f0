#include "server/console/plain.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "server/console/pages.hpp"
#include "server/pipeline.hpp"

namespace trainyard::server::console {
namespace {

constexpr int kEventsShownMax = 1000;
constexpr int kExecutionsShownMax = 100;

/// ?links=relative: whoever shows the page has the pages that it leads to beside it, as the front
/// door of a notebook does. Our own need a signature each.
bool asks_for_links(const http::Request& request) {
  const auto query = http::parse_query(request.query());
  return query &&
         std::find(query->begin(), query->end(),
                   std::pair<std::string, std::string>("links", "relative")) != query->end();
}

/// A page's reader thinks in HTTP: what the services answer with 400 is denied or not there.
http::Response error_page(const ApiError& error) {
  int status = error.http_status();
  if (status == 400) status = error.code() == "AccessDeniedException" ? 403 : 404;
  return message_page(status, error.code(), error.message());
}

struct ExecutionFacts {
  json::object execution, history, machine;
};

struct MachineFacts {
  json::object machine, executions;
};

/// The page needs the graph of the revision that runs; the two rights that are asked for let its
/// viewer see every state and payload, so the definition is read on the daemon's own account.
ExecutionFacts facts_of_execution(const Parts& parts, const Caller& caller,
                                  const std::string& arn) {
  return parts.store.read([&](Txn& txn) {
    Call call = make_call(parts, txn, caller);
    const json::object named{{"executionArn", arn}};
    ExecutionFacts facts;
    facts.execution = parts.door.invoke(call, caller, "states", "DescribeExecution", named);
    facts.history =
        parts.door.invoke(call, caller, "states", "GetExecutionHistory",
                          {{"executionArn", arn}, {"maxResults", kEventsShownMax}});
    facts.machine = parts.door.invoke(call, own_caller(parts.site), "states",
                                      "DescribeStateMachineForExecution", named);
    return facts;
  });
}

MachineFacts facts_of_machine(const Parts& parts, const Caller& caller, const std::string& arn) {
  return parts.store.read([&](Txn& txn) {
    Call call = make_call(parts, txn, caller);
    MachineFacts facts;
    facts.machine = parts.door.invoke(call, caller, "states", "DescribeStateMachine",
                                      {{"stateMachineArn", arn}});
    facts.executions =
        parts.door.invoke(call, caller, "states", "ListExecutions",
                          {{"stateMachineArn", arn}, {"maxResults", kExecutionsShownMax}});
    return facts;
  });
}

/// Drawn behind the read: the graph's layout takes its time, and a snapshot holds the log.
http::Response show_execution(const Parts& parts, const Caller& caller, const std::string& arn,
                              Shower shower) {
  const ExecutionFacts facts = facts_of_execution(parts, caller, arn);
  return page_response(
      200, execution_page(facts.execution,
                          find_string(facts.machine, "definition").value_or(""),
                          facts.history.at("events").as_array(),
                          facts.history.contains("nextToken"), shower == Shower::presigned_link));
}

http::Response show_machine(const Parts& parts, const Caller& caller, const std::string& arn,
                            Shower shower) {
  const MachineFacts facts = facts_of_machine(parts, caller, arn);
  return page_response(
      200, machine_page(facts.machine, facts.executions.at("executions").as_array(),
                        facts.executions.contains("nextToken"), shower == Shower::notebook));
}

}  // namespace

http::Response plain_page(const Parts& parts, const Caller& caller, const std::string& kind,
                          const std::string& arn, Shower shower) {
  try {
    return kind == kMachines ? show_machine(parts, caller, arn, shower)
                             : show_execution(parts, caller, arn, shower);
  } catch (const ApiError& error) {
    return error_page(error);
  }
}

http::Response presigned_page(const Parts& parts, Pipeline& pipeline, const http::Request& request,
                              std::string_view rest) {
  const std::string kind(rest.substr(0, rest.find('/')));
  if (rest.size() == kind.size()) {
    return message_page(404, "No such page", "Open the link that starting an execution printed.");
  }
  auto arn = percent_decode(rest.substr(kind.size() + 1));
  if (!arn) return message_page(400, "Malformed address", "The ARN cannot be read.");
  try {
    const Caller caller = pipeline.authenticate_presigned(request, "states");
    return plain_page(parts, caller, kind, *arn,
                      asks_for_links(request) ? Shower::notebook : Shower::presigned_link);
  } catch (const ApiError& error) {
    return error_page(error);
  }
}

}  // namespace trainyard::server::console
