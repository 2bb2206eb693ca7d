#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Reads Python's pickle format as data: nothing is imported, called or executed. What a pickle
// would construct becomes an `object` node with the name of its class and its arguments, for the
// caller to understand or to leave alone.
namespace dbnet::model {

struct PickleNode {
    enum class Kind {
        none,
        boolean,
        integer,
        real,
        text,
        bytes,
        list,
        tuple,       ///< items
        dict,        ///< items: key, value, key, value, ...
        global,      ///< text: "module.name"
        object,      ///< text: class or function, items: its arguments
        persistent,  ///< items: the persistent id (torch: a storage)
        opaque,      ///< an integer beyond 64 bits
    };
    Kind kind = Kind::none;
    std::int64_t integer = 0;  ///< boolean, integer
    double real = 0;
    std::string text;
    std::vector<PickleNode*> items;

    /// Value of a text key of a dict; nullptr when there is none or this is no dict.
    const PickleNode* find(std::string_view key) const;
};

/// A whole pickle. The nodes belong to it; they may refer to each other in cycles.
class Pickle {
public:
    /// Protocols 0 to 5 as far as data goes. Throws Error{malformed}, naming `name`, the position
    /// and the opcode.
    Pickle(std::span<const std::uint8_t> bytes, std::string_view name);

    const PickleNode& root() const noexcept { return *root_; }

private:
    std::deque<PickleNode> nodes_;
    PickleNode* root_ = nullptr;

    friend class PickleMachine;
};

}  // namespace dbnet::model
