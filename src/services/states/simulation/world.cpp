#include "services/states/simulation/world.hpp"

#include "base/error.hpp"
#include "generated/states/operations.hpp"
#include "wire/json.hpp"

namespace trainyard::states::simulation {
namespace {

constexpr int kBadRequest = 400;
constexpr std::string_view kRunning = "InProgress";

std::string arn_of(const std::string& name) {
  return "arn:aws:sagemaker:us-east-1:000000000000:training-job/" + name;
}

void post_event(Call& call, const json::object& detail, std::string_view arn) {
  outbox::post(call.txn, "states.event", "rule",
               {{"source", "aws.sagemaker"},
                {"detail-type", "SageMaker Training Job State Change"},
                {"resources", json::array{arn}},
                {"detail", detail}},
               call.now);
}

template <class Output, class Input>
json::object handled(Output (*handler)(Call&, const Input&), Call& call, const json::object& input,
                     wire::JsonForm form) {
  Input parsed;
  wire::from_json(wire::shape_of<Input>(), input, &parsed, nullptr, form);
  json::object output;
  call.txn.savepoint([&] { output = wire::to_json(handler(call, parsed)); });
  return output;
}

json::object invoke_states(Call& call, std::string_view operation, const json::object& input,
                           wire::JsonForm form) {
  if (operation == "StartExecution") return handled(start_execution, call, input, form);
  if (operation == "StopExecution") return handled(stop_execution, call, input, form);
  TRAINYARD_ASSERT(operation == "DescribeExecution");
  return handled(describe_execution, call, input, form);
}

}  // namespace

const Migration World::kMigrations[1] = {{"simulation", 1, R"sql(
CREATE TABLE simulation_calls(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL);
CREATE TABLE simulation_jobs(name TEXT PRIMARY KEY, status TEXT NOT NULL);
)sql"}};

json::object World::invoke(Call& call, const Caller&, std::string_view service,
                           std::string_view operation, const json::object& input,
                           wire::JsonForm form) {
  if (service == "states") return invoke_states(call, operation, input, form);
  if (service == "events") return {};  // the rule and its target
  if (operation == "ListTags") return {{"Tags", json::array()}};
  const std::string name = to_std(input.begin()->value().as_string());
  if (operation == "StopTrainingJob") return stop_job(call, name), json::object();
  if (operation == "DescribeTrainingJob") return job_detail(call.txn, name);
  call.txn.exec("INSERT INTO simulation_calls(name) VALUES (?)", name);
  const Behaviour& behaviour = behaviour_of(name);
  const bool job = operation == "CreateTrainingJob";
  if (behaviour.kind == Behaviour::Kind::refuses) {
    throw ApiError(behaviour.code, kBadRequest, "It is refused.");
  }
  if (job) return start_job(call, name, behaviour);
  if (auto token = find_string(input, "Token")) {
    outbox::post(call.txn, kTokenMessage, name, {{"token", *token}}, call.now);
  }
  return {{"Value", behaviour.value}};
}

const Behaviour& World::behaviour_of(std::string_view name) const {
  auto parsed = CallName::parse(name);
  TRAINYARD_ASSERT(parsed.has_value());
  return plan_.tasks.find(parsed->state)->second.at(parsed->retry);
}

json::object World::start_job(Call& call, const std::string& name, const Behaviour& behaviour) {
  call.txn.exec(
      "INSERT INTO simulation_jobs(name, status) VALUES (?, ?) "
      "ON CONFLICT(name) DO NOTHING",  // a second start shows among the calls
      name, kRunning);
  if (behaviour.kind != Behaviour::Kind::never) {
    outbox::post(call.txn, kJobMessage, name, {},
                 call.now + std::chrono::seconds(behaviour.seconds));
  }
  return {{"TrainingJobArn", arn_of(name)}};
}

void World::stop_job(Call& call, const std::string& name) {
  if (call.txn.exec("UPDATE simulation_jobs SET status = 'Stopped' WHERE name = ? AND status = ?",
                    name, kRunning) == 0) {
    throw ApiError("ValidationException", kBadRequest, "The job has ended.");
  }
  outbox::cancel(call.txn, kJobMessage, name);
  post_event(call, job_detail(call.txn, name), arn_of(name));
}

void World::end_job(Call& call, const outbox::Message& message, bool lose_event) {
  const std::string& name = message.key;
  const bool well = behaviour_of(name).kind == Behaviour::Kind::answers;
  if (call.txn.exec("UPDATE simulation_jobs SET status = ? WHERE name = ? AND status = ?",
                    well ? "Completed" : "Failed", name, kRunning) == 0) {
    return;
  }
  if (!lose_event) post_event(call, job_detail(call.txn, name), arn_of(name));
}

/// The same for the event and for whoever asks.
json::object World::job_detail(Txn& txn, const std::string& name) const {
  std::string status = txn.one(
                              "SELECT status FROM simulation_jobs WHERE name = ?",
                              [](const Row& row) { return row.text(0); }, name)
                           .value();
  return {{"TrainingJobName", name},
          {"TrainingJobArn", arn_of(name)},
          {"TrainingJobStatus", status},
          {"Value", behaviour_of(name).value},
          {"Tags", json::object()}};
}

std::vector<std::string> World::calls(Txn& txn) {
  std::vector<std::string> names;
  txn.each("SELECT name FROM simulation_calls ORDER BY id",
           [&](const Row& row) { names.push_back(row.text(0)); });
  return names;
}

std::vector<std::string> World::running_jobs(Txn& txn) {
  std::vector<std::string> names;
  txn.each("SELECT name FROM simulation_jobs WHERE status = 'InProgress'",
           [&](const Row& row) { names.push_back(row.text(0)); });
  return names;
}

void World::clear(Txn& txn) {
  txn.exec("DELETE FROM simulation_calls");
  txn.exec("DELETE FROM simulation_jobs");
  txn.exec("DELETE FROM outbox");
}

}  // namespace trainyard::states::simulation
