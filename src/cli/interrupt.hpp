#pragma once

namespace dbnet::cli {

/// From now on the first SIGINT or SIGTERM only makes interrupted() true; the second of its kind ends the process.
void catch_interrupts();

bool interrupted() noexcept;

}  // namespace dbnet::cli
