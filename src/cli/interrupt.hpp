#pragma once

namespace dbnet::cli {

/// From now on the first SIGINT only makes interrupted() true; the second one ends the process.
void catch_interrupts();

bool interrupted() noexcept;

}  // namespace dbnet::cli
