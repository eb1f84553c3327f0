// The variables that an instance gets for the entry of the runtimes table that its image fits: the
// daemon sets them, what runs inside reads them.
#pragma once

namespace trainyard::runtimes {

inline constexpr const char* kInterpreterVariable = "TRAINYARD_PYTHON";
inline constexpr const char* kImageVariable = "TRAINYARD_IMAGE";
inline constexpr const char* kFrameworkVariable = "TRAINYARD_FRAMEWORK";
/// The distribution that tells the framework's version.
inline constexpr const char* kPackageVariable = "TRAINYARD_FRAMEWORK_PACKAGE";
/// The version that the image's tag names.
inline constexpr const char* kAskedVariable = "TRAINYARD_FRAMEWORK_ASKED";

}  // namespace trainyard::runtimes
