// The life of a notebook instance: Pending → InService → Stopping → Stopped and back, Failed,
// Deleting. It runs in one attempt of one instance at a time; its volume outlives them all.
#pragma once

#include <span>

#include "services/sagemaker/attempt_rows.hpp"
#include "services/sagemaker/notebook.hpp"

namespace trainyard::sagemaker {

/// What a caller may ask of a notebook instance, and in which status: PURE.
struct NotebookWish {
  std::string_view to;                      // the status that it leads to
  std::span<const std::string_view> from;
};
extern const NotebookWish kStartNotebook, kStopNotebook, kUpdateNotebook, kDeleteNotebook;

/// ValidationException in SageMaker's words ("Status (Stopped) not in ([InService]). Unable to
/// transition to (Stopping) for Notebook Instance (ARN).") unless its status allows the wish.
void check_wish(const Site& site, const Notebook& notebook, const NotebookWish& wish);

/// Stores a new one, and starts it.
void create_notebook(Call& call, const CreateNotebookInstanceInput& input);
void start_notebook(Call& call, Notebook& notebook);
void stop_notebook(Call& call, Notebook& notebook);
/// Stores other settings; the next start follows them.
void update_notebook(Call& call, Notebook& notebook);
/// It and its volume go once nothing of it runs.
void delete_notebook(Call& call, Notebook& notebook);

/// An agent told of InService or Unhealthy.
void notebook_phase(Call& call, Attempt& attempt, std::string_view host, std::string_view phase,
                    Time at);
/// The instance has ended or was lost.
void notebook_ended(Call& call, Attempt& attempt, const Instance& instance);
/// It has not come into service in time.
void notebook_start_expired(Call& call, Attempt& attempt);

/// At the daemon's end and start: those that run are told to stop, and start again.
void stop_notebooks(Call& call);
void restore_notebooks(Call& call);

}  // namespace trainyard::sagemaker
