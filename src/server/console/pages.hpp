// The pages of executions (the state machine's graph coloured by state, and the history) and of
// state machines (the graph, and their executions). Rendered here, no script, everything escaped;
// the page of an execution refreshes itself while that runs.
#pragma once

#include <string>

#include "base/json.hpp"
#include "http/message.hpp"

namespace trainyard::server::console {

/// `execution` is DescribeExecution's output, `definition` the state machine's of that revision,
/// `events` GetExecutionHistory's (oldest first; `more` when there are later ones than shown).
/// `beside_console`: whoever shows the page answers `/_console/` as well.
std::string execution_page(const json::object& execution, const std::string& definition,
                           const json::array& events, bool more, bool beside_console);

/// `machine` is DescribeStateMachine's output, `executions` ListExecutions' (`more` when there are
/// further ones). `linked`: whoever shows the page answers `../executions/ARN`, relative to it; or
/// else `/_console/`.
std::string machine_page(const json::object& machine, const json::array& executions, bool more,
                         bool linked);

/// A page for people: a title and one line.
http::Response message_page(int status, const std::string& title, const std::string& text);

/// The response of a page: its type, and headers that keep it from being framed, sniffed or cached.
http::Response page_response(int status, std::string html);

}  // namespace trainyard::server::console
