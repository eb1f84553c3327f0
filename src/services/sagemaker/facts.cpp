#include "services/sagemaker/facts.hpp"

namespace trainyard::sagemaker {

int64_t fact_number(Txn& txn, std::string_view name) {
  return txn.one("SELECT number FROM sagemaker_facts WHERE name = ?",
                 [](const Row& row) { return row.integer(0); }, name).value_or(0);
}

std::string fact_text(Txn& txn, std::string_view name) {
  return txn.one("SELECT text FROM sagemaker_facts WHERE name = ?",
                 [](const Row& row) { return row.text(0); }, name).value_or("");
}

void set_fact(Txn& txn, std::string_view name, int64_t number, std::string_view text) {
  txn.exec("INSERT INTO sagemaker_facts (name, number, text) VALUES (?, ?, ?) "
           "ON CONFLICT (name) DO UPDATE SET number = excluded.number, text = excluded.text",
           name, number, text);
}

void add_to_fact(Txn& txn, std::string_view name, int64_t by) {
  txn.exec("INSERT INTO sagemaker_facts (name, number, text) VALUES (?, ?, '') "
           "ON CONFLICT (name) DO UPDATE SET number = sagemaker_facts.number + excluded.number",
           name, by);
}

}  // namespace trainyard::sagemaker
