#include "formats/json_parser.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

#include "core/error.hpp"
#include "formats/text.hpp"

namespace dbnet::formats {
namespace {

/// Characters of a text or of a stream, and the line and column of the next one.
class Characters {
public:
    explicit Characters(std::string_view text) : block_(text) { skip_mark(); }
    explicit Characters(ByteStream& stream) : stream_(&stream), block_(stream.next()) {
        skip_mark();
    }

    bool at_end() const { return block_.empty(); }
    char current() const { return block_.front(); }
    void advance() {
        ++column_;
        if (block_.front() == '\n') {
            ++line_;
            column_ = 0;
        }
        block_.remove_prefix(1);
        if (block_.empty() && stream_ != nullptr) block_ = stream_->next();
    }
    std::string place() const {
        return core::concat(line_, ":", std::max<std::size_t>(column_, 1));
    }

private:
    void skip_mark() {
        if (block_.starts_with("\xEF\xBB\xBF")) block_.remove_prefix(3);
    }

    ByteStream* stream_ = nullptr;
    std::string_view block_;
    std::size_t line_ = 1;
    std::size_t column_ = 0;
};

class Iterator {
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = char;

    Iterator() = default;
    explicit Iterator(Characters& characters) : characters_(&characters) {}
    char operator*() const { return characters_->current(); }
    Iterator& operator++() {
        characters_->advance();
        return *this;
    }
    void operator++(int) { characters_->advance(); }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.ends() == b.ends(); }
    friend bool operator!=(const Iterator& a, const Iterator& b) { return a.ends() != b.ends(); }

private:
    bool ends() const { return characters_ == nullptr || characters_->at_end(); }

    Characters* characters_ = nullptr;
};

using Path = std::vector<std::string_view>;

/// Fills one tree.
class Tree {
public:
    explicit Tree(const Where& where) : where_(where) {}

    void add(Json&& value) {
        count();
        place(std::move(value));
    }
    void open(Json&& container) {
        count();
        Json* const placed = place(std::move(container));
        if (open_.size() == kDeepestJson)
            core::fail(ErrorCode::malformed, where_.text(), ": nested more than ", kDeepestJson,
                       " times");
        open_.push_back(placed);
    }
    void close() { open_.pop_back(); }
    void key(std::string&& key) { key_ = std::move(key); }
    bool is_complete() const { return open_.empty(); }
    Json take() {
        values_ = 0;
        return std::move(root_);
    }

private:
    void count() {
        if (++values_ > kMostJsonValues)
            core::fail(ErrorCode::too_large, where_.text(), ": more than ", kMostJsonValues,
                       " values belong together");
    }

    Json* place(Json&& value) {
        if (open_.empty()) {
            root_ = std::move(value);
            return &root_;
        }
        Json& parent = *open_.back();
        if (parent.is_array()) return &parent.emplace_back(std::move(value));
        // Not looked for among the others, which would be slow in a hostile object of a million
        // keys: of equal ones the first counts.
        auto& members = parent.get_ref<Json::object_t&>();
        members.emplace_back(std::move(key_), std::move(value));
        return &members.back().second;
    }

    const Where& where_;
    Json root_;
    std::vector<Json*> open_;
    std::string key_;
    std::size_t values_ = 0;
};

/// The handler of nlohmann's events.
class Handler {
public:
    Handler(const Where& where, const Characters& characters, std::vector<Path> wanted,
            const JsonParser::Take& take)
        : where_(where),
          characters_(characters),
          wanted_(std::move(wanted)),
          take_(take),
          seen_(wanted_.size()),
          tree_(where) {}

    const std::vector<bool>& seen() const { return seen_; }

    bool null() { return scalar(nullptr); }
    bool boolean(bool value) { return scalar(value); }
    bool number_integer(Json::number_integer_t value) { return scalar(value); }
    bool number_unsigned(Json::number_unsigned_t value) { return scalar(value); }
    bool number_float(Json::number_float_t value, const std::string&) { return scalar(value); }
    bool string(std::string& value) { return scalar(std::move(value)); }
    bool binary(Json::binary_t&) { return true; }
    bool start_object(std::size_t) { return open(Json::object()); }
    bool start_array(std::size_t) { return open(Json::array()); }
    bool end_object() { return close(); }
    bool end_array() { return close(); }
    bool key(std::string& name) {
        if (collects_)
            tree_.key(std::move(name));
        else if (!levels_.empty())
            levels_.back().key = std::move(name);
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const Json::exception& error) {
        constexpr int kNumberTooLarge = 406;
        if (error.id == kNumberTooLarge) fail_in(where_, "not valid JSON: a number is too large");
        fail_in(where_, "not valid JSON at " + characters_.place());
    }

private:
    /// An array or object that is gone through but not kept.
    struct Level {
        std::vector<std::size_t> patterns;  ///< those that match so far
        bool is_array = false;
        std::size_t next = 0;  ///< elements or members before
        std::string key = {};
    };

    /// The patterns that match a value which begins here; counts it.
    std::vector<std::size_t> matching() {
        std::vector<std::size_t> patterns;
        if (levels_.empty()) {
            for (std::size_t i = 0; i < wanted_.size(); ++i) patterns.push_back(i);
            return patterns;
        }
        Level& level = levels_.back();
        ++level.next;
        const std::size_t depth = levels_.size() - 1;
        for (const std::size_t i : level.patterns)
            if (wanted_[i][depth] == "*" || (!level.is_array && wanted_[i][depth] == level.key))
                patterns.push_back(i);
        return patterns;
    }

    /// Whether the value that begins is wanted by one of the patterns.
    bool is_wanted(const std::vector<std::size_t>& patterns) {
        for (const std::size_t i : patterns) {
            if (wanted_[i].size() != levels_.size()) continue;
            current_ = i;
            return true;
        }
        return false;
    }

    template <typename Value>
    bool scalar(Value&& value) {
        if (collects_) {
            tree_.add(Json(std::forward<Value>(value)));
            return true;
        }
        if (!passed_ && is_wanted(matching())) {
            tree_.add(Json(std::forward<Value>(value)));
            deliver();
        }
        return true;
    }

    bool open(Json&& container) {
        if (collects_) {
            tree_.open(std::move(container));
            return true;
        }
        if (passed_ > 0) {
            ++passed_;
            return true;
        }
        std::vector<std::size_t> patterns = matching();
        if (is_wanted(patterns)) {
            collects_ = true;
            tree_.open(std::move(container));
        } else if (patterns.empty()) {
            passed_ = 1;
        } else {
            for (const std::size_t i : patterns)
                if (wanted_[i].size() == levels_.size() + 1) seen_[i] = true;
            levels_.push_back({std::move(patterns), container.is_array()});
        }
        return true;
    }

    bool close() {
        if (collects_) {
            tree_.close();
            if (tree_.is_complete()) {
                collects_ = false;
                deliver();
            }
        } else if (passed_ > 0) {
            --passed_;
        } else {
            levels_.pop_back();
        }
        return true;
    }

    void deliver() {
        JsonItem item{current_, {}, 0, tree_.take()};
        if (!levels_.empty()) {
            item.index = levels_.back().next - 1;
            if (!levels_.back().is_array) item.key = levels_.back().key;
        }
        take_(std::move(item));
    }

    const Where& where_;
    const Characters& characters_;
    std::vector<Path> wanted_;
    const JsonParser::Take& take_;
    std::vector<bool> seen_;
    std::vector<Level> levels_;
    Tree tree_;
    std::size_t current_ = 0;
    std::size_t passed_ = 0;  ///< depth inside a value that nobody wants
    bool collects_ = false;
};

std::vector<bool> run(Characters characters, const Where& where, std::vector<Path> wanted,
                      const JsonParser::Take& take) {
    Handler handler(where, characters, std::move(wanted), take);
    Json::sax_parse(Iterator(characters), Iterator(), &handler);
    return handler.seen();
}

Json whole(Characters characters, const Where& where) {
    Json document;
    run(std::move(characters), where, {Path{}},
        [&](JsonItem&& item) { document = std::move(item.value); });
    return document;
}

/// Notes the paths of keys and stops where the text ends.
class Outline {
public:
    std::vector<std::string> take() { return std::move(paths_); }

    bool null() { return note("null"); }
    bool boolean(bool) { return note("bool"); }
    bool number_integer(Json::number_integer_t) { return note("number"); }
    bool number_unsigned(Json::number_unsigned_t) { return note("number"); }
    bool number_float(Json::number_float_t, const std::string&) { return note("number"); }
    bool string(std::string&) { return note("string"); }
    bool binary(Json::binary_t&) { return true; }
    bool start_object(std::size_t) { return open("{}"); }
    bool start_array(std::size_t) { return open("[]"); }
    bool end_object() { return close(); }
    bool end_array() { return close(); }
    bool key(std::string& name) {
        if (!keys_.empty()) keys_.back() = name;
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const Json::exception&) { return false; }

private:
    static constexpr std::size_t kDepth = 6;
    static constexpr std::size_t kMost = 2000;

    bool note(std::string_view kind) {
        if (keys_.size() > kDepth || paths_.size() >= kMost) return true;
        std::string path;
        for (const std::string& key : keys_) path.append("/").append(key);
        paths_.push_back(path.append(" ").append(kind));
        return true;
    }
    bool open(std::string_view kind) {
        note(kind);
        keys_.emplace_back(kind == "[]" ? "[]" : "");
        return true;
    }
    bool close() {
        keys_.pop_back();
        return true;
    }

    std::vector<std::string> keys_;
    std::vector<std::string> paths_;
};

}  // namespace

Json JsonParser::parse(std::string_view text) { return whole(Characters(text), where_); }

Json JsonParser::parse(const Input& input) {
    ByteStream stream(input, kMaxFileBytes);
    return whole(Characters(stream), where_);
}

std::vector<bool> JsonParser::stream(const Input& input, std::span<const std::string_view> wanted,
                                     const Take& take) {
    std::vector<Path> paths;
    for (const std::string_view pattern : wanted)
        paths.push_back(pattern.empty() ? Path{} : split(pattern, '/'));
    ByteStream stream(input);
    return run(Characters(stream), where_, std::move(paths), take);
}

std::vector<std::string> json_outline(std::string_view head) {
    Outline outline;
    Characters characters(head);
    Json::sax_parse(Iterator(characters), Iterator(), &outline);
    return outline.take();
}

}  // namespace dbnet::formats
