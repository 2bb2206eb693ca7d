// The pickle machine: a stack of values and a memo, driven by one-byte opcodes (documented in
// CPython's pickletools). Only the opcodes that build data are known. What they build is counted: a
// byte of input can stand for a node, or for a copy of the arguments of a call.
#include "model/checkpoint/pickle.hpp"

#include <bit>
#include <charconv>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "core/error.hpp"

namespace dbnet::model {

using Kind = PickleNode::Kind;

const PickleNode* PickleNode::find(std::string_view key) const {
    if (kind != Kind::dict) return nullptr;
    for (std::size_t i = 0; i + 1 < items.size(); i += 2)
        if (items[i]->kind == Kind::text && items[i]->text == key) return items[i + 1];
    return nullptr;
}

namespace {

/// Of nodes, their items and texts: a hundred times what the checkpoint of a large network takes.
constexpr std::size_t kMaxMemory = std::size_t{128} << 20;

}  // namespace

class PickleMachine {
public:
    PickleMachine(Pickle& pickle, std::span<const std::uint8_t> bytes, std::string_view name)
        : pickle_(pickle), bytes_(bytes), name_(name) {}

    PickleNode* run() {
        spend(bytes_.size());
        for (;;) {
            opcode_at_ = position_;
            const auto opcode = static_cast<char>(take(1)[0]);
            if (opcode == '.') return pop();
            if (!(constant(opcode) || number(opcode) || string(opcode) || container(opcode) ||
                  memory(opcode) || construction(opcode)))
                fail("an opcode that builds no data");
        }
    }

private:
    [[noreturn]] void fail(std::string_view what) const {
        core::fail(ErrorCode::malformed, name_, ": pickle, byte ", opcode_at_, ": ", what);
    }

    // Input ---------------------------------------------------------------------------------------

    std::span<const std::uint8_t> take(std::uint64_t count) {
        if (count > bytes_.size() - position_) fail("ends too early");
        const auto taken = bytes_.subspan(position_, static_cast<std::size_t>(count));
        position_ += taken.size();
        return taken;
    }

    /// Little-endian unsigned integer of 1 to 8 bytes.
    std::uint64_t unsigned_number(int size) {
        std::uint64_t value = 0;
        const auto taken = take(static_cast<std::uint64_t>(size));
        for (int i = size - 1; i >= 0; --i) value = value << 8 | taken[static_cast<std::size_t>(i)];
        return value;
    }

    std::string text(std::uint64_t count) {
        const auto taken = take(count);
        return {taken.begin(), taken.end()};
    }

    std::string line() {
        std::string result;
        for (char c = static_cast<char>(take(1)[0]); c != '\n'; c = static_cast<char>(take(1)[0]))
            result += c;
        return result;
    }

    // Stack ---------------------------------------------------------------------------------------

    void spend(std::size_t bytes) {
        memory_ += bytes;
        if (memory_ > kMaxMemory)
            core::fail(ErrorCode::too_large, name_, ": pickle, byte ", opcode_at_,
                       ": what it holds takes more than ", kMaxMemory, " bytes");
    }

    PickleNode* make(Kind kind) {
        spend(sizeof(PickleNode));
        pickle_.nodes_.emplace_back();
        pickle_.nodes_.back().kind = kind;
        return &pickle_.nodes_.back();
    }

    PickleNode* push(PickleNode* node) {
        stack_.push_back(node);
        return node;
    }

    PickleNode* push(Kind kind) { return push(make(kind)); }

    std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

    PickleNode* pop() {
        if (stack_.size() <= floor()) fail("the stack is empty");
        PickleNode* node = stack_.back();
        stack_.pop_back();
        return node;
    }

    PickleNode* top(Kind kind) {
        if (stack_.size() <= floor() || stack_.back()->kind != kind)
            fail("the stack holds something else");
        return stack_.back();
    }

    /// Everything above the last mark, which is removed.
    std::vector<PickleNode*> pop_to_mark() {
        if (marks_.empty()) fail("there is no mark");
        std::vector<PickleNode*> items(stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back()),
                                       stack_.end());
        stack_.resize(marks_.back());
        marks_.pop_back();
        return items;
    }

    std::vector<PickleNode*> pop_last(std::size_t count) {
        std::vector<PickleNode*> items(count);
        for (std::size_t i = count; i-- > 0;) items[i] = pop();
        return items;
    }

    // Opcodes -------------------------------------------------------------------------------------

    bool constant(char opcode) {
        switch (opcode) {
            case '\x80': take(1); return true;  // PROTO
            case '\x95': take(8); return true;  // FRAME
            case 'N': push(Kind::none); return true;
            case '\x88': push(Kind::boolean)->integer = 1; return true;
            case '\x89': push(Kind::boolean); return true;
            case '(': marks_.push_back(stack_.size()); return true;
            case '0': pop(); return true;
            case '1': pop_to_mark(); return true;
            case '2': push(stack_.size() > floor() ? stack_.back() : pop()); return true;
            default: return false;
        }
    }

    void push_integer(std::int64_t value) { push(Kind::integer)->integer = value; }

    /// Two's complement of any length.
    void push_long(std::uint64_t size) {
        const auto taken = take(size);
        if (size > 8) {
            push(Kind::opaque);
            return;
        }
        std::uint64_t value = !taken.empty() && taken.back() >= 0x80 ? ~std::uint64_t{0} : 0;
        for (std::size_t i = taken.size(); i-- > 0;) value = value << 8 | taken[i];
        push_integer(static_cast<std::int64_t>(value));
    }

    /// Protocol 0: a decimal line; "00" and "01" are booleans under opcode I.
    void push_decimal(std::string digits, bool may_be_boolean) {
        if (may_be_boolean && (digits == "00" || digits == "01")) {
            push(Kind::boolean)->integer = digits == "01";
            return;
        }
        if (digits.ends_with('L')) digits.pop_back();
        std::int64_t value = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (error == std::errc::result_out_of_range) {
            push(Kind::opaque);
        } else if (error != std::errc() || end != digits.data() + digits.size()) {
            fail("not a number");
        } else {
            push_integer(value);
        }
    }

    bool number(char opcode) {
        switch (opcode) {
            case 'K': push_integer(static_cast<std::int64_t>(unsigned_number(1))); return true;
            case 'M': push_integer(static_cast<std::int64_t>(unsigned_number(2))); return true;
            case 'J': push_integer(static_cast<std::int32_t>(unsigned_number(4))); return true;
            case 'I': push_decimal(line(), true); return true;
            case 'L': push_decimal(line(), false); return true;
            case '\x8a': push_long(unsigned_number(1)); return true;
            case '\x8b': push_long(unsigned_number(4)); return true;
            case 'G': {
                std::uint64_t bits = 0;
                for (const std::uint8_t byte : take(8)) bits = bits << 8 | byte;
                push(Kind::real)->real = std::bit_cast<double>(bits);
                return true;
            }
            case 'F': push(Kind::real)->real = std::strtod(line().c_str(), nullptr); return true;
            default: return false;
        }
    }

    PickleNode* push_string(Kind kind, std::string value) {
        spend(value.size());
        PickleNode* node = push(kind);
        node->text = std::move(value);
        return node;
    }

    bool string(char opcode) {
        switch (opcode) {
            case '\x8c': push_string(Kind::text, text(unsigned_number(1))); return true;
            case 'X': push_string(Kind::text, text(unsigned_number(4))); return true;
            case '\x8d': push_string(Kind::text, text(unsigned_number(8))); return true;
            case 'V': push_string(Kind::text, line()); return true;
            case 'S': push_string(Kind::text, line()); return true;
            case 'U': push_string(Kind::text, text(unsigned_number(1))); return true;
            case 'T': push_string(Kind::text, text(unsigned_number(4))); return true;
            case 'C': push_string(Kind::bytes, text(unsigned_number(1))); return true;
            case 'B': push_string(Kind::bytes, text(unsigned_number(4))); return true;
            case '\x8e': push_string(Kind::bytes, text(unsigned_number(8))); return true;
            case '\x96':
                push_string(Kind::bytes, text(unsigned_number(8)));
                return true;  // BYTEARRAY8
            default: return false;
        }
    }

    void push_items(Kind kind, std::vector<PickleNode*> items) {
        spend(items.size() * sizeof(PickleNode*));
        push(kind)->items = std::move(items);
    }

    void append(Kind kind, const std::vector<PickleNode*>& items) {
        // What a foreign class would do with the items is not known; its object keeps its arguments
        // only.
        if (stack_.size() > floor() && stack_.back()->kind == Kind::object) return;
        if (kind == Kind::dict && items.size() % 2 != 0) fail("a key without a value");
        auto& target = top(kind)->items;
        spend(items.size() * sizeof(PickleNode*));
        target.insert(target.end(), items.begin(), items.end());
    }

    bool container(char opcode) {
        switch (opcode) {
            case '}': push(Kind::dict); return true;
            case ']':
            case '\x8f': push(Kind::list); return true;  // EMPTY_SET
            case ')': push(Kind::tuple); return true;
            case 't': push_items(Kind::tuple, pop_to_mark()); return true;
            case 'l': push_items(Kind::list, pop_to_mark()); return true;
            case '\x91': push_items(Kind::list, pop_to_mark()); return true;  // FROZENSET
            case 'd': push_items(Kind::dict, pop_to_mark()); return true;
            case '\x85': push_items(Kind::tuple, pop_last(1)); return true;
            case '\x86': push_items(Kind::tuple, pop_last(2)); return true;
            case '\x87': push_items(Kind::tuple, pop_last(3)); return true;
            case 'a': append(Kind::list, pop_last(1)); return true;
            case 'e':
            case '\x90': append(Kind::list, pop_to_mark()); return true;  // ADDITEMS
            case 's': append(Kind::dict, pop_last(2)); return true;
            case 'u': append(Kind::dict, pop_to_mark()); return true;
            default: return false;
        }
    }

    void remember(std::uint64_t index) {
        spend(sizeof(decltype(memo_)::value_type));
        memo_[index] = stack_.size() > floor() ? stack_.back() : pop();
    }

    void recall(std::uint64_t index) {
        const auto found = memo_.find(index);
        if (found == memo_.end()) fail("refers to something that was never stored");
        push(found->second);
    }

    std::uint64_t index_line() {
        const std::string digits = line();
        std::uint64_t index = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), index);
        if (error != std::errc() || end != digits.data() + digits.size()) fail("not an index");
        return index;
    }

    bool memory(char opcode) {
        switch (opcode) {
            case 'q': remember(unsigned_number(1)); return true;
            case 'r': remember(unsigned_number(4)); return true;
            case 'p': remember(index_line()); return true;
            case '\x94': remember(memo_.size()); return true;
            case 'h': recall(unsigned_number(1)); return true;
            case 'j': recall(unsigned_number(4)); return true;
            case 'g': recall(index_line()); return true;
            default: return false;
        }
    }

    void push_global(const std::string& module, const std::string& name) {
        push_string(Kind::global, module + "." + name);
    }

    /// What a call would return: a dict for the standard library's ordered one, otherwise a
    /// description.
    void construct(const PickleNode* callable, PickleNode* arguments) {
        if (callable->kind != Kind::global || arguments->kind != Kind::tuple)
            fail("calls something unknown");
        if (callable->text == "collections.OrderedDict" && arguments->items.empty()) {
            push(Kind::dict);
            return;
        }
        spend(arguments->items.size() * sizeof(PickleNode*));
        PickleNode* object = push_string(Kind::object, callable->text);
        object->items = arguments->items;
    }

    bool construction(char opcode) {
        switch (opcode) {
            case 'c': {
                const std::string module = line();
                push_global(module, line());
                return true;
            }
            case '\x93': {  // STACK_GLOBAL
                const auto names = pop_last(2);
                push_global(names[0]->text, names[1]->text);
                return true;
            }
            case 'R':
            case '\x81': {  // REDUCE, NEWOBJ
                const auto call = pop_last(2);
                construct(call[0], call[1]);
                return true;
            }
            case '\x92': {  // NEWOBJ_EX: class, arguments, keyword arguments
                const auto call = pop_last(3);
                construct(call[0], call[1]);
                return true;
            }
            case 'b': pop(); return true;  // BUILD: the state of an object whose class is not known
            case 'Q': {
                const PickleNode* id = pop();
                push_items(Kind::persistent, id->items);
                return true;
            }
            default: return false;
        }
    }

    Pickle& pickle_;
    std::span<const std::uint8_t> bytes_;
    std::string_view name_;
    std::size_t position_ = 0;
    std::size_t opcode_at_ = 0;
    std::size_t memory_ = 0;
    std::vector<PickleNode*> stack_;
    std::vector<std::size_t> marks_;
    std::unordered_map<std::uint64_t, PickleNode*> memo_;
};

Pickle::Pickle(std::span<const std::uint8_t> bytes, std::string_view name)
    : root_(PickleMachine(*this, bytes, name).run()) {}

}  // namespace dbnet::model
