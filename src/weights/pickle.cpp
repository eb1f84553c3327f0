#include "weights/pickle.hpp"

#include <algorithm>
#include <span>
#include <unordered_set>

#include <fmt/format.h>

#include "base/error.hpp"
#include "weights/opcodes.hpp"
#include "weights/text.hpp"

namespace trainyard::weights {
namespace {

constexpr std::size_t kStackMax = 1u << 20;
constexpr std::size_t kValuesMax = 1u << 20;    // dicts, tuples, storages, tensors
constexpr std::size_t kElementsMax = 1u << 21;  // in all tuples, in all dicts, in the memo
constexpr int kProtocolMax = 5;

enum class Kind { none, boolean, integer, string, tuple, dict, global, storage, tensor };

/// The only names that a pickle may have, and what they stand for.
enum class Global { ordered_dict, rebuild_tensor, storage_type };

struct StorageType {
  std::string_view name;  // in the module torch
  ElementType type;
};
constexpr StorageType kStorageTypes[] = {
    {"DoubleStorage", ElementType::float64}, {"FloatStorage", ElementType::float32},
    {"HalfStorage", ElementType::float16},   {"BFloat16Storage", ElementType::bfloat16},
    {"LongStorage", ElementType::int64},     {"IntStorage", ElementType::int32},
    {"ShortStorage", ElementType::int16},    {"CharStorage", ElementType::int8},
    {"ByteStorage", ElementType::uint8},     {"BoolStorage", ElementType::boolean},
};

/// Small, and copied freely. Everything that has parts lies in a table of the machine, so that
/// nothing here is recursive, however deep a pickle nests.
struct Value {
  Kind kind = Kind::none;
  int64_t number = 0;  // boolean, integer; of the others their index in the machine's table
  std::string_view text;
};

struct Tuple {
  std::size_t begin, size;
};

struct Dict {
  bool ordered = false;
  std::vector<std::pair<std::string_view, Value>> items;
};

struct Storage {
  ElementType type;
  std::string_view key;
  int64_t count;
};

[[noreturn]] void refuse(const std::string& why) {
  throw SystemError("not a state_dict: its pickle " + why);
}

class Machine {
 public:
  explicit Machine(std::string_view pickle) : rest_(pickle) {}

  PickledDict run() {
    if (rest_.size() > kPickleBytesMax) refuse("is larger than 16 MiB");
    for (;;) {
      const auto code = static_cast<Opcode>(byte());
      if (code == Opcode::stop) break;
      step(code);
    }
    if (stack_.size() != 1 || !marks_.empty()) refuse("does not end with one value");
    return result();
  }

 private:
  // The bytes -------------------------------------------------------------------------------------
  std::string_view bytes(std::size_t size) {
    if (size > rest_.size()) refuse("is cut off");
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  uint8_t byte() { return static_cast<uint8_t>(bytes(1)[0]); }

  uint64_t number(std::size_t size) {
    const std::string_view from = bytes(size);
    uint64_t value = 0;
    for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<uint8_t>(from[i]);
    return value;
  }

  std::string_view line() {
    const std::size_t end = rest_.find('\n');
    if (end == std::string_view::npos) refuse("is cut off");
    const std::string_view taken = bytes(end);
    bytes(1);
    return taken;
  }

  /// Two's complement, as many bytes as the first says.
  int64_t long_number() {
    const std::size_t size = byte();
    if (size > 8) refuse("has a number of more than 64 bits");
    const uint64_t value = number(size);
    const int spare = static_cast<int>(64 - 8 * size);
    return size == 0 ? 0 : static_cast<int64_t>(value << spare) >> spare;
  }

  // The stack -------------------------------------------------------------------------------------
  void push(const Value& value) {
    if (stack_.size() >= kStackMax) refuse("has too many values at once");
    stack_.push_back(value);
  }

  Value pop() {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) refuse("is malformed");
    const Value value = stack_.back();
    stack_.pop_back();
    return value;
  }

  Value pop(Kind kind, const char* what) {
    const Value value = pop();
    if (value.kind != kind) refuse(std::string("has no ") + what + " where one belongs");
    return value;
  }

  /// How many values lie above the last mark, which goes.
  std::size_t pop_mark() {
    if (marks_.empty()) refuse("is malformed");
    const std::size_t above = stack_.size() - marks_.back();
    marks_.pop_back();
    return above;
  }

  void mark() {
    if (marks_.size() >= kStackMax) refuse("has too many values at once");
    marks_.push_back(stack_.size());
  }

  template <class T>
  void push_new(Kind kind, std::vector<T>& table, T part, std::size_t max = kValuesMax) {
    if (table.size() >= max) refuse("has too many values");
    table.push_back(std::move(part));
    push({.kind = kind, .number = static_cast<int64_t>(table.size() - 1)});
  }

  void remember(std::size_t at) {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) refuse("is malformed");
    // Picklers number their memos one by one.
    if (at > memo_.size() || at >= kElementsMax) refuse("has a memo out of order");
    if (at == memo_.size()) memo_.emplace_back();
    memo_[at] = stack_.back();
  }

  void recall(std::size_t at) {
    if (at >= memo_.size()) refuse("recalls what it has not kept");
    push(memo_[at]);
  }

  void push_string(std::size_t size) { push({.kind = Kind::string, .text = bytes(size)}); }
  void push_integer(int64_t value) { push({.kind = Kind::integer, .number = value}); }
  void push_boolean(bool value) { push({.kind = Kind::boolean, .number = value}); }

  void push_tuple(std::size_t size) {
    if (stack_.size() - (marks_.empty() ? 0 : marks_.back()) < size) refuse("is malformed");
    if (elements_.size() + size > kElementsMax) refuse("has too many values");
    const Tuple tuple{.begin = elements_.size(), .size = size};
    elements_.insert(elements_.end(), stack_.end() - static_cast<std::ptrdiff_t>(size),
                     stack_.end());
    stack_.resize(stack_.size() - size);
    push_new(Kind::tuple, tuples_, tuple);
  }

  std::span<const Value> parts(const Value& tuple) const {
    const Tuple& place = tuples_[static_cast<std::size_t>(tuple.number)];
    return std::span(elements_).subspan(place.begin, place.size);
  }

  // What the opcodes do ---------------------------------------------------------------------------
  void step(Opcode code) {
    switch (code) {
      case Opcode::proto:
        if (byte() > kProtocolMax) refuse("has a protocol newer than 5");
        return;
      case Opcode::frame: number(8); return;
      case Opcode::mark: return mark();
      case Opcode::none: return push({});
      case Opcode::newtrue: return push_boolean(true);
      case Opcode::newfalse: return push_boolean(false);
      case Opcode::binint: return push_integer(static_cast<int32_t>(number(4)));
      case Opcode::binint1: return push_integer(static_cast<int64_t>(number(1)));
      case Opcode::binint2: return push_integer(static_cast<int64_t>(number(2)));
      case Opcode::long1: return push_integer(long_number());
      case Opcode::short_binunicode: return push_string(number(1));
      case Opcode::binunicode: return push_string(number(4));
      case Opcode::binunicode8: return push_string(number(8));
      case Opcode::empty_tuple: return push_tuple(0);
      case Opcode::tuple1: return push_tuple(1);
      case Opcode::tuple2: return push_tuple(2);
      case Opcode::tuple3: return push_tuple(3);
      case Opcode::tuple: return push_tuple(pop_mark());
      case Opcode::empty_dict: return push_new(Kind::dict, dicts_, Dict{});
      case Opcode::setitem: return set_items(2);
      case Opcode::setitems: return set_items(pop_mark());
      case Opcode::binput: return remember(number(1));
      case Opcode::long_binput: return remember(number(4));
      case Opcode::memoize: return remember(memo_.size());
      case Opcode::binget: return recall(number(1));
      case Opcode::long_binget: return recall(number(4));
      case Opcode::global: return push_global_of_lines();
      case Opcode::stack_global: return push_global_of_stack();
      case Opcode::binpersid: return push_storage(pop(Kind::tuple, "persistent id"));
      case Opcode::reduce: return reduce();
      case Opcode::build: return build();
      default: break;
    }
    refuse(fmt::format("uses {}, which no state_dict needs", name_of_opcode(code)));
  }

  void set_items(std::size_t size) {
    const std::size_t base = marks_.empty() ? 0 : marks_.back();
    if (size % 2 != 0 || stack_.size() - base < size + 1) refuse("is malformed");
    const std::size_t first = stack_.size() - size;
    const Value target = stack_[first - 1];
    if (target.kind != Kind::dict) refuse("sets items of what is no dict");
    items_ += size / 2;
    if (items_ > kElementsMax) refuse("has too many values");
    Dict& dict = dicts_[static_cast<std::size_t>(target.number)];
    for (std::size_t i = first; i < stack_.size(); i += 2) {
      if (stack_[i].kind != Kind::string) refuse("has a dict key that is no string");
      dict.items.emplace_back(stack_[i].text, stack_[i + 1]);
    }
    stack_.resize(first);
  }

  void push_global_of_lines() {
    const std::string_view module = line();
    push_global(module, line());
  }

  void push_global_of_stack() {
    const Value name = pop(Kind::string, "name");
    const Value module = pop(Kind::string, "module");
    push_global(module.text, name.text);
  }

  void push_global(std::string_view module, std::string_view name) {
    auto push_known = [this](Global global, std::string_view text) {
      push({.kind = Kind::global, .number = static_cast<int64_t>(global), .text = text});
    };
    if (module == "collections" && name == "OrderedDict") {
      return push_known(Global::ordered_dict, name);
    }
    if (module == "torch._utils" && name == "_rebuild_tensor_v2") {
      return push_known(Global::rebuild_tensor, name);
    }
    const bool known = std::ranges::any_of(
        kStorageTypes, [&](const StorageType& type) { return type.name == name; });
    if (module == "torch" && known) return push_known(Global::storage_type, name);
    refuse("names " + quoted(std::string(module) + "." + std::string(name)) +
           "; only a dict of plain tensors is read, as torch.save(model.state_dict(), path) makes");
  }

  static bool is_global(const Value& value, Global global) {
    return value.kind == Kind::global && value.number == static_cast<int64_t>(global);
  }

  /// ('storage', type, key, location, count): where it was does not matter, its bytes are the same.
  void push_storage(const Value& id) {
    const auto fields = parts(id);
    if (fields.size() != 5 || fields[0].kind != Kind::string || fields[0].text != "storage" ||
        !is_global(fields[1], Global::storage_type) || fields[2].kind != Kind::string ||
        fields[3].kind != Kind::string || fields[4].kind != Kind::integer ||
        fields[4].number < 0) {
      refuse("has a persistent id that is no storage");
    }
    const auto type = std::ranges::find(kStorageTypes, fields[1].text, &StorageType::name);
    push_new(Kind::storage, storages_,
             Storage{.type = type->type, .key = fields[2].text, .count = fields[4].number});
  }

  void reduce() {
    const Value arguments = pop(Kind::tuple, "arguments");
    const Value callee = pop();
    if (is_global(callee, Global::ordered_dict)) {
      if (!parts(arguments).empty()) refuse("makes an OrderedDict with arguments");
      return push_new(Kind::dict, dicts_, Dict{.ordered = true});
    }
    if (!is_global(callee, Global::rebuild_tensor)) refuse("calls what is no function");
    push_tensor(parts(arguments));
  }

  std::vector<int64_t> sizes(const Value& tuple, const char* what) const {
    if (tuple.kind != Kind::tuple || parts(tuple).size() > kDimensionsMax) {
      refuse(std::string("has a tensor with a malformed ") + what);
    }
    std::vector<int64_t> result;
    for (const Value& part : parts(tuple)) {
      if (part.kind != Kind::integer || part.number < 0) {
        refuse(std::string("has a tensor with a malformed ") + what);
      }
      result.push_back(part.number);
    }
    return result;
  }

  /// (storage, offset, shape, strides, requires_grad, hooks): the hooks are always empty.
  void push_tensor(std::span<const Value> fields) {
    if (fields.size() < 6 || fields[0].kind != Kind::storage ||
        fields[1].kind != Kind::integer || fields[1].number < 0 ||
        fields[4].kind != Kind::boolean) {
      refuse("has a malformed tensor");
    }
    if (fields.size() > 6) refuse("has a tensor that is conjugated, negated or otherwise lazy");
    if (fields[5].kind != Kind::dict ||
        !dicts_[static_cast<std::size_t>(fields[5].number)].items.empty()) {
      refuse("has a tensor with backward hooks");
    }
    const Storage& storage = storages_[static_cast<std::size_t>(fields[0].number)];
    PickledTensor tensor{.type = storage.type, .key = storage.key,
                         .storage_count = storage.count, .offset = fields[1].number,
                         .shape = sizes(fields[2], "shape"),
                         .strides = sizes(fields[3], "strides")};
    if (tensor.shape.size() != tensor.strides.size()) {
      refuse("has a tensor with more strides than dimensions, or fewer");
    }
    push_new(Kind::tensor, tensors_, std::move(tensor), kTensorsMax);
  }

  /// What PyTorch's modules say about their own versions is the only state that a dict has.
  void build() {
    const Value state = pop(Kind::dict, "state");
    const Value target = pop();
    if (target.kind != Kind::dict || !dicts_[static_cast<std::size_t>(target.number)].ordered) {
      refuse("sets the state of what is no OrderedDict");
    }
    for (const auto& [name, value] : dicts_[static_cast<std::size_t>(state.number)].items) {
      if (name != "_metadata") refuse("sets the attribute " + quoted(name) + " of a dict");
    }
    push(target);
  }

  PickledDict result() {
    if (stack_[0].kind != Kind::dict) refuse("holds no dict");
    PickledDict named;
    std::unordered_set<std::string_view> names;
    for (const auto& [name, value] : dicts_[static_cast<std::size_t>(stack_[0].number)].items) {
      if (value.kind != Kind::tensor) {
        refuse("holds " + quoted(name) + ", which is no tensor");
      }
      if (!names.insert(name).second) refuse("holds " + quoted(name) + " twice");
      named.emplace_back(name, tensors_[static_cast<std::size_t>(value.number)]);
      if (named.size() > kTensorsMax) refuse("has too many values");
    }
    return named;
  }

  std::string_view rest_;
  std::vector<Value> stack_, elements_, memo_;
  std::vector<std::size_t> marks_;
  std::vector<Tuple> tuples_;
  std::vector<Dict> dicts_;
  std::vector<Storage> storages_;
  std::vector<PickledTensor> tensors_;
  std::size_t items_ = 0;  // of all dicts
};

class Writer {
 public:
  void code(Opcode code) { out_ += static_cast<char>(code); }

  void number(uint64_t value, int size) {
    for (int i = 0; i < size; ++i) out_ += static_cast<char>(value >> (8 * i));
  }

  void text(std::string_view text) {
    code(Opcode::binunicode);
    number(text.size(), 4);
    out_ += text;
  }

  void integer(int64_t value) {
    if (value < 1 << 8) {
      code(Opcode::binint1);
      number(static_cast<uint64_t>(value), 1);
    } else if (value <= INT32_MAX) {
      code(Opcode::binint);
      number(static_cast<uint64_t>(value), 4);
    } else {
      code(Opcode::long1);
      number(8, 1);
      number(static_cast<uint64_t>(value), 8);
    }
  }

  void integers(const std::vector<int64_t>& values) {
    code(Opcode::mark);
    for (const int64_t value : values) integer(value);
    code(Opcode::tuple);
  }

  void global(std::string_view module, std::string_view name) {
    code(Opcode::global);
    out_ += module;
    out_ += '\n';
    out_ += name;
    out_ += '\n';
  }

  void ordered_dict() {
    global("collections", "OrderedDict");
    code(Opcode::empty_tuple);
    code(Opcode::reduce);
  }

  void tensor(const PickledTensor& tensor) {
    global("torch._utils", "_rebuild_tensor_v2");
    code(Opcode::mark);
    code(Opcode::mark);
    text("storage");
    global("torch", std::ranges::find(kStorageTypes, tensor.type, &StorageType::type)->name);
    text(tensor.key);
    text("cpu");
    integer(tensor.storage_count);
    code(Opcode::tuple);
    code(Opcode::binpersid);
    integer(tensor.offset);
    integers(tensor.shape);
    integers(tensor.strides);
    code(Opcode::newfalse);  // requires no gradient
    ordered_dict();          // has no hooks
    code(Opcode::tuple);
    code(Opcode::reduce);
  }

  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

}  // namespace

PickledDict unpickle(std::string_view pickle) { return Machine(pickle).run(); }

std::string pickle(const PickledDict& tensors) {
  Writer writer;
  writer.code(Opcode::proto);
  writer.number(2, 1);
  writer.ordered_dict();
  writer.code(Opcode::mark);
  for (const auto& [name, tensor] : tensors) {
    writer.text(name);
    writer.tensor(tensor);
  }
  writer.code(Opcode::setitems);
  writer.code(Opcode::stop);
  return writer.take();
}

}  // namespace trainyard::weights
