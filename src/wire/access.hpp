// How shape tables reach into generated structs: one instantiation a member, list and map type.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "http/message.hpp"
#include "wire/shape.hpp"

namespace trainyard::wire {

template <class Value>
struct Held {  // a plain member is its own value
  static void* emplace(Value& member) { return &member; }
  static const void* get(const Value& member) { return &member; }
};

template <class Value>
struct Held<std::optional<Value>> {
  static void* emplace(std::optional<Value>& member) { return &member.emplace(); }
  static const void* get(const std::optional<Value>& member) { return member ? &*member : nullptr; }
};

template <class Value>
struct Held<std::shared_ptr<Value>> {  // a structure that contains its own kind
  static void* emplace(std::shared_ptr<Value>& member) {
    member = std::make_shared<Value>();
    return member.get();
  }
  static const void* get(const std::shared_ptr<Value>& member) { return member.get(); }
};

template <>
struct Held<std::shared_ptr<http::BodyReader>> {  // a stream's value is the pointer
  static void* emplace(std::shared_ptr<http::BodyReader>& member) { return &member; }
  static const void* get(const std::shared_ptr<http::BodyReader>& member) {
    return member ? &member : nullptr;
  }
};

template <auto Pointer>
struct Access;

template <class Structure, class Value, Value Structure::*Pointer>
struct Access<Pointer> {
  static void* emplace(void* structure) {
    return Held<Value>::emplace(static_cast<Structure*>(structure)->*Pointer);
  }
  static const void* get(const void* structure) {
    return Held<Value>::get(static_cast<const Structure*>(structure)->*Pointer);
  }
};

template <class List>
inline constexpr ListAccess kListAccess = {
    [](const void* list) { return static_cast<const List*>(list)->size(); },
    [](const void* list, std::size_t index) -> const void* {
      return &(*static_cast<const List*>(list))[index];
    },
    [](void* list) -> void* { return &static_cast<List*>(list)->emplace_back(); }};

template <class Map>
inline constexpr MapAccess kMapAccess = {
    [](const void* map) { return static_cast<const Map*>(map)->size(); },
    [](const void* map, void* context,
       void (*visit)(void*, const std::string&, const void*)) {
      for (const auto& [key, value] : *static_cast<const Map*>(map)) visit(context, key, &value);
    },
    [](void* map, std::string key) -> void* {
      return &(*static_cast<Map*>(map))[std::move(key)];
    }};

}  // namespace trainyard::wire
