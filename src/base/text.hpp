// Small helpers on text that the standard library lacks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace trainyard {

std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view trim(std::string_view text);
std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);
bool iequals(std::string_view a, std::string_view b);
std::string replace_all(std::string text, std::string_view from, std::string_view to);
/// For HTML and SVG text and attributes: & < > " '.
std::string escape_html(std::string_view text);
/// "12.3 MB": bytes for people, powers of 1000.
std::string human_bytes(double bytes);

/// s3://bucket/key split; false unless the text has that form with a bucket (the key may be empty).
bool parse_s3_uri(std::string_view uri, std::string& bucket, std::string& key);

}  // namespace trainyard
