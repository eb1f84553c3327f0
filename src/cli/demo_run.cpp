#include "cli/demo_run.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "cli/interrupt.hpp"
#include "cli/process.hpp"
#include "generated/s3/client.hpp"
#include "generated/s3/types.hpp"
#include "generated/sagemaker/client.hpp"
#include "generated/sagemaker/types.hpp"
#include "graph/graph.hpp"
#include "wire/json.hpp"

namespace trainyard::cli {
namespace {

constexpr const char* kPrefix = "sagemaker/DEMO-pytorch-mnist";
constexpr const char* kVersion = "1.2.0";
constexpr std::size_t kBatch = 250;  // images a request: 784 kB of float32, of 6 MiB at most
constexpr std::size_t kConnections = 4;
constexpr std::size_t kDrawnMax = 6;
constexpr int kDrawnWidth = 22;  // columns
constexpr std::chrono::milliseconds kPause{200};
constexpr int kBarWidth = 40;

void pause_or_interrupt() {
  check_interrupt();
  std::this_thread::sleep_for(kPause);
  check_interrupt();
}

// Where this bucket's copy of the data is noted, so that a second run need not send it again.
json::object list_objects(sdk::Session& session, const std::string& bucket) {
  json::object found;
  s3::ListObjectsV2Input input;
  input.bucket = bucket;
  input.prefix = std::string(kPrefix) + "/";
  const json::object page = wire::to_json(session.s3().list_objects_v2(input));
  if (const json::array* objects = find_array(page, "Contents")) {
    for (const json::value& object : *objects) {
      const json::object& entry = object.as_object();
      found[find_string(entry, "Key").value_or("")] = find_string(entry, "ETag").value_or("");
    }
  }
  return found;
}

std::string describe_event(const json::object& event) {
  const std::string type = find_string(event, "type").value_or("");
  for (const char* details : {"stateEnteredEventDetails", "stateExitedEventDetails"}) {
    if (const json::object* found = find_object(event, details)) {
      const bool entered = type.ends_with("Entered");
      return fmt::format("{} {}", entered ? "▶" : "✓", find_string(*found, "name").value_or(""));
    }
  }
  for (const auto& [name, value] : event) {
    if (!value.is_object()) continue;
    const auto error = find_string(value.as_object(), "error");
    if (error) {
      return fmt::format("✗ {}: {}: {}", type, *error,
                         find_string(value.as_object(), "cause").value_or(""));
    }
  }
  return "";
}

}  // namespace

DemoRun::DemoRun(const DemoOptions& options, Screen& screen) : options_(options), screen_(screen) {}

DemoResult DemoRun::run() {
  daemon_ = std::make_unique<DemoDaemon>(options_);
  screen_.say(fmt::format("daemon    {} ({})", daemon_->url(),
                          daemon_->started() ? "started" : "was running"));
  check_interrupt();
  session_ = std::make_unique<sdk::Session>(daemon_->config());
  data_ = fetch_mnist(daemon_->data() / "cache");
  test_ = read_test_digits(data_);
  screen_.say(fmt::format("data      {}, digests match", (data_ / "MNIST" / "raw").string()));
  check_interrupt();
  roles_ = make_roles(*session_);
  screen_.say(fmt::format("roles     {}\n          {}", roles_.sagemaker, roles_.workflow));
  upload();
  build_pipeline();
  follow_execution();
  DemoResult result;
  result.execution_status = execution_->status();
  if (result.execution_status != "SUCCEEDED") {
    const json::object described = execution_->describe();
    throw SystemError(fmt::format("the execution ended {}: {}: {}", result.execution_status,
                                  find_string(described, "error").value_or("no error"),
                                  find_string(described, "cause").value_or("no cause")));
  }
  served_ = true;
  wait_for_endpoint();
  result.endpoint_status = "InService";
  result.accuracy = recognise();
  result.console_url = execution_->console_url();
  return result;
}

void DemoRun::upload() {
  const std::string bucket = session_->default_bucket();
  const fs::path note = daemon_->data() / "cache" / ("uploaded-" + bucket + ".json");
  inputs_ = "s3://" + bucket + "/" + kPrefix;
  const json::object present = list_objects(*session_, bucket);
  const auto noted = read_file_if_exists(note);
  const auto known = noted ? parse_json(*noted) : std::nullopt;
  if (!present.empty() && known && json_equal(*known, present)) {
    screen_.say(fmt::format("upload    {} is there already", inputs_));
    return;
  }
  inputs_ = session_->upload_data(data_, bucket, kPrefix, [&](uint64_t done, uint64_t total) {
    check_interrupt();
    screen_.show(fmt::format("upload    {} {}", bar(total == 0 ? 1 : double(done) / double(total),
                                                    kBarWidth),
                             human_bytes(static_cast<double>(total))));
  });
  screen_.settle();
  write_file_atomically(note, dump(list_objects(*session_, bucket)));
  screen_.say(fmt::format("upload    {}", inputs_));
}

void DemoRun::build_pipeline() {
  const fs::path program =
      options_.program.empty() ? own_programs() / "mnist" : fs::path(options_.program);
  estimator_ = std::make_unique<sdk::PyTorch>(
      *session_, sdk::EstimatorOptions{.entry_point = program.string(),
                                       .framework_version = kVersion,
                                       .role = roles_.sagemaker,
                                       .train_instance_count = options_.instances,
                                       .train_instance_type = options_.instance_type,
                                       .hyperparameters = {{"epochs", options_.epochs},
                                                           {"backend", "gloo"}}});
  pipeline_ = std::make_unique<sdk::TrainingPipeline>(*estimator_, roles_.workflow, inputs_,
                                                      session_->default_bucket());
  screen_.say("\n" + pipeline_->workflow().definition().to_json_text(true) + "\n");
  screen_.say(pipeline_->render_graph().text);
  check_interrupt();
  pipeline_->create();
  created_ = true;
  execution_.emplace(pipeline_->execute());
  screen_.say(fmt::format("execution {}\nconsole   {}", execution_->arn(),
                          execution_->console_url()));
}

void DemoRun::print_new_events(std::size_t& printed) {
  const json::array events = execution_->list_events();
  for (; printed < events.size(); ++printed) {
    const std::string text = describe_event(events[printed].as_object());
    if (!text.empty()) screen_.say("          " + text);
  }
}

void DemoRun::follow_training(sdk::JobLogs& logs, std::map<std::string, TrainingProgress>& hosts) {
  for (const sdk::LogLine& line : logs.poll()) {
    TrainingProgress& progress = hosts[line.host];
    const double before = progress.accuracy;
    if (!progress.read(line.text)) continue;
    // Without a terminal one line for each epoch of each host is news enough.
    const bool tested = line.text.starts_with("Test set:") || progress.accuracy != before;
    if (tested && !screen_.terminal()) {
      screen_.say(fmt::format("          {} epoch {} test loss {:.4f} accuracy {:.2f}%", line.host,
                              progress.epoch, progress.test_loss, progress.accuracy));
    }
  }
  if (!hosts.empty()) screen_.show("          " + describe(hosts));
}

void DemoRun::follow_execution() {
  sdk::JobLogs logs(*session_, "estimator-" + execution_->name(), options_.instances);
  std::map<std::string, TrainingProgress> hosts;
  std::size_t printed = 0;
  while (true) {
    // The status first: what happened before it is in the history and in the logs.
    const bool running = execution_->status() == "RUNNING";
    follow_training(logs, hosts);
    print_new_events(printed);
    if (!running) break;
    pause_or_interrupt();
  }
  screen_.settle();
  for (const auto& [host, progress] : hosts) {
    if (screen_.terminal()) screen_.say("          " + describe({{host, progress}}));
  }
}

void DemoRun::wait_for_endpoint() {
  const std::string name = execution_->name();
  while (true) {
    const json::object endpoint =
        wire::to_json(session_->sagemaker().describe_endpoint({.endpoint_name = name}));
    const std::string status = find_string(endpoint, "EndpointStatus").value_or("");
    if (status == "InService") break;
    if (status != "Creating") {
      throw SystemError(fmt::format("endpoint {} is {}: {}", name, status,
                                    find_string(endpoint, "FailureReason").value_or("no reason")));
    }
    screen_.show("endpoint  " + status);
    pause_or_interrupt();
  }
  screen_.settle();
  screen_.say(fmt::format("endpoint  {} is InService", name));
}

double DemoRun::recognise() {
  std::vector<std::size_t> predictions(test_.count());
  std::atomic<std::size_t> next{0};
  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::exception_ptr failure;
  auto work = [&] {
    sdk::Predictor predictor(*session_, execution_->name());
    try {
      while (!stop) {
        const std::size_t first = next.fetch_add(kBatch);
        if (first >= test_.count()) return;
        const std::size_t count = std::min(kBatch, test_.count() - first);
        const auto chosen =
            predictor.predict(normalised(test_, first, count), sdk::NpyType::float32).argmax_rows();
        if (chosen.size() != count) {
          throw SystemError(fmt::format("{} predictions came for {} images", chosen.size(), count));
        }
        std::copy(chosen.begin(), chosen.end(), predictions.begin() + first);
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
      stop = true;
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kConnections; ++i) threads.emplace_back(work);
  while (!stop && next < test_.count()) {
    if (is_interrupted()) stop = true;
    screen_.show(fmt::format("invoke    {}", bar(double(next) / double(test_.count()), kBarWidth)));
    std::this_thread::sleep_for(kPause / 4);
  }
  for (std::thread& thread : threads) thread.join();
  screen_.settle();
  check_interrupt();
  if (failure) std::rethrow_exception(failure);
  std::size_t right = 0;
  for (std::size_t i = 0; i < test_.count(); ++i) right += predictions[i] == test_.labels[i];
  screen_.say(fmt::format("invoke    {} images, {} recognised\n", test_.count(), right));
  draw_some(predictions);
  return double(right) / double(test_.count());
}

void DemoRun::draw_some(const std::vector<std::size_t>& predictions) {
  const std::size_t room =
      std::clamp<std::size_t>((screen_.width() + 2) / kDrawnWidth, 1, kDrawnMax);
  std::vector<std::size_t> indices;
  // One that was mistaken, if there is one: those are the interesting ones.
  for (std::size_t i = 0; i < test_.count() && indices.empty(); ++i) {
    if (predictions[i] != test_.labels[i]) indices.push_back(i);
  }
  for (std::size_t i = 0; indices.size() < room && i < test_.count(); ++i) {
    if (predictions[i] == test_.labels[i]) indices.push_back(i);
  }
  std::sort(indices.begin(), indices.end());
  std::vector<std::size_t> taken;
  for (const std::size_t index : indices) taken.push_back(predictions[index]);
  screen_.say(draw_digits(test_, indices, taken));
}

void DemoRun::attempt(const char* what, const std::function<void()>& action) {
  try {
    action();
  } catch (const std::exception& error) {
    screen_.say(fmt::format("removing the {}: {}", what, error.what()));
  }
}

void DemoRun::remove() {
  screen_.settle();
  if (execution_) {
    const std::string name = execution_->name();
    sagemaker::Client& client = session_->sagemaker();
    attempt("execution", [&] {
      if (execution_->status() == "RUNNING") execution_->stop("the demonstration ended");
    });
    // Each of these may not have come into being; what SageMaker does not know need not go.
    auto drop = [&](const char* what, const std::function<void()>& action) {
      attempt(what, [&] {
        try {
          action();
        } catch (const ApiError& error) {
          if (error.code() != "ValidationException" && error.code() != "ResourceNotFound") throw;
        }
      });
    };
    drop("training job",
         [&] { client.stop_training_job({.training_job_name = "estimator-" + name}); });
    drop("endpoint", [&] { client.delete_endpoint({.endpoint_name = name}); });
    drop("endpoint's configuration",
         [&] { client.delete_endpoint_config({.endpoint_config_name = name}); });
    drop("model", [&] { client.delete_model({.model_name = name}); });
  }
  if (created_) attempt("state machine", [&] { pipeline_->workflow().remove(); });
  if (daemon_) attempt("daemon", [&] { daemon_->stop(); });
}

std::string DemoRun::how_to_end() const {
  if (!daemon_) return "";
  const std::string endpoint = served_ ? execution_->name() : "";
  return cli::how_to_end(daemon_->has_folder() ? daemon_->data() : fs::path(), endpoint);
}

}  // namespace trainyard::cli
