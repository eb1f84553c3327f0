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

/// Plain members are always present; optional and shared ones when they hold a value. A body stream
/// is its own value: walkers handle the pointer.
template <auto Pointer>
struct Access;

template <class Structure, class Value, Value Structure::*Pointer>
struct Access<Pointer> {
  static void* emplace(void* structure) { return &(static_cast<Structure*>(structure)->*Pointer); }
  static const void* get(const void* structure) {
    return &(static_cast<const Structure*>(structure)->*Pointer);
  }
};

template <class Structure, class Value, std::optional<Value> Structure::*Pointer>
struct Access<Pointer> {
  static void* emplace(void* structure) {
    return &(static_cast<Structure*>(structure)->*Pointer).emplace();
  }
  static const void* get(const void* structure) {
    const auto& member = static_cast<const Structure*>(structure)->*Pointer;
    return member ? &*member : nullptr;
  }
};

template <class Structure, class Value, std::shared_ptr<Value> Structure::*Pointer>
struct Access<Pointer> {
  static constexpr bool kIsStream = std::is_same_v<Value, http::BodyReader>;
  static void* emplace(void* structure) {
    auto& member = static_cast<Structure*>(structure)->*Pointer;
    if constexpr (kIsStream) {
      return &member;
    } else {
      member = std::make_shared<Value>();
      return member.get();
    }
  }
  static const void* get(const void* structure) {
    const auto& member = static_cast<const Structure*>(structure)->*Pointer;
    if constexpr (kIsStream) {
      return member ? &member : nullptr;
    } else {
      return member.get();
    }
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
