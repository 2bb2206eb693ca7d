#pragma once

#include <string>

namespace dbnet::app {

/// The page of the error report: one HTML file that shows `json` (as report.cpp builds it) and the
/// pictures beside it, without a network.
std::string report_page(const std::string& json);

}  // namespace dbnet::app
