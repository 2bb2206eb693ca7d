// yaml-cpp's parser reports events; the tree is made here, so that nothing recurses over, expands
// or remembers more than the limits allow.
#include "app/yaml.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <ranges>
#include <sstream>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "core/error.hpp"
#include "core/file.hpp"

namespace dbnet::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = 256 * 1024;
constexpr std::size_t kMostValues = 10'000;
constexpr std::size_t kMostLevels = 32;
constexpr std::size_t kMostFiles = 16;
constexpr std::size_t kMostShown = 80;  // characters of the user's text in a message

std::string place_of(const std::string& source, int line) {
    return line == 0 ? source : core::concat(source, ':', line);
}

/// Makes the tree of one document.
class TreeBuilder : public YAML::EventHandler {
public:
    TreeBuilder(std::shared_ptr<const std::string> source, bool has_lines)
        : source_(std::move(source)), has_lines_(has_lines) {
        root_.source = source_;
        root_.line = has_lines_ ? 1 : 0;
    }

    const YamlNode& root() const { return root_; }

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        add(mark, anchor, YamlNode::Kind::null, {});
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse_anchor(mark); }
    void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  const std::string& value) override {
        add(mark, anchor, YamlNode::Kind::scalar, value);
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(mark, anchor, YamlNode::Kind::list);
    }
    void OnSequenceEnd() override { open_.pop_back(); }
    void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open(mark, anchor, YamlNode::Kind::map);
    }
    void OnMapEnd() override { open_.pop_back(); }

private:
    /// A list or map that is being filled.
    struct Open {
        YamlNode* node;
        std::optional<std::string> key;  ///< of the next value of a map
    };

    int line(const YAML::Mark& mark) const { return has_lines_ ? mark.line + 1 : 0; }

    template <typename... Args>
    [[noreturn]] void refuse(const YAML::Mark& mark, const Args&... args) const {
        core::fail(root_.fault(), place_of(*source_, line(mark)), ": ", args...);
    }

    [[noreturn]] void refuse_anchor(const YAML::Mark& mark) const {
        refuse(mark, "anchors and aliases (&name, *name) are not read: write the value out");
    }

    /// A new value where the document stands; null for the key of a map.
    YamlNode* add(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind,
                  const std::string& text) {
        if (anchor != 0) refuse_anchor(mark);
        if (++values_ > kMostValues) refuse(mark, "more than ", kMostValues, " values");
        YamlNode node;
        node.kind = kind;
        node.text = text;
        node.source = source_;
        node.line = line(mark);
        if (open_.empty()) return &(root_ = std::move(node));
        Open& parent = open_.back();
        if (parent.node->kind == YamlNode::Kind::list)
            return &parent.node->items.emplace_back(std::move(node));
        if (!parent.key) {
            if (kind != YamlNode::Kind::scalar)
                refuse(mark, "expected a name as key, or a bracket is missing");
            if (parent.node->find(text) != nullptr)
                refuse(mark, "the key '", text.substr(0, kMostShown), "' comes twice");
            parent.key = text;
            return nullptr;
        }
        auto& members = parent.node->members;
        members.emplace_back(std::move(*parent.key), std::move(node));
        parent.key.reset();
        return &members.back().second;
    }

    void open(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind) {
        if (open_.size() == kMostLevels) refuse(mark, "more than ", kMostLevels, " levels");
        open_.push_back({add(mark, anchor, kind, {}), {}});
    }

    std::shared_ptr<const std::string> source_;
    bool has_lines_;
    YamlNode root_;
    std::vector<Open> open_;
    std::size_t values_ = 0;
};

YamlNode parse(std::string_view text, const std::string& source, bool has_lines) {
    if (text.size() > kMostBytes)
        core::fail(ErrorCode::too_large, source, ": more than ", kMostBytes, " bytes");
    TreeBuilder builder(std::make_shared<const std::string>(source), has_lines);
    try {
        std::istringstream in{std::string(text)};
        YAML::Parser parser(in);
        TreeBuilder second = builder;
        if (parser.HandleNextDocument(builder) && parser.HandleNextDocument(second))
            core::fail(builder.root().fault(), source, ": has several documents, expected one");
        return builder.root();
    } catch (const YAML::Exception& error) {
        core::fail(builder.root().fault(), place_of(source, has_lines ? error.mark.line + 1 : 0),
                   ": is no YAML: ", error.msg);
    }
}

/// The base's path, taken out of the map; nothing if it names none.
std::optional<fs::path> take_base(YamlNode& root, const std::string& file) {
    YamlNode* const base = root.find("base");
    if (base == nullptr) return std::nullopt;
    if (base->kind != YamlNode::Kind::scalar || base->text.empty())
        core::fail(ErrorCode::malformed, base->place(), ": base: expected the path of a file");
    fs::path path = fs::path(file).parent_path() / base->text;
    std::erase_if(root.members, [](const auto& member) { return member.first == "base"; });
    return path;
}

YamlNode read_over_base(const std::string& file, std::vector<fs::path>& opened) {
    std::error_code error;
    const fs::path canonical = fs::canonical(file, error);
    if (!error && std::ranges::find(opened, canonical) != opened.end())
        core::fail(ErrorCode::malformed, file, ": is, through others, its own base");
    if (opened.size() == kMostFiles)
        core::fail(ErrorCode::too_large, file, ": more than ", kMostFiles,
                   " files are each the base of the other");
    opened.push_back(canonical);

    const std::vector<std::uint8_t> bytes = core::read_file(file, kMostBytes);
    const std::string text(bytes.begin(), bytes.end());
    YamlNode root = parse_yaml(text, file);
    if (root.kind == YamlNode::Kind::null) root.kind = YamlNode::Kind::map;
    if (root.kind != YamlNode::Kind::map)
        core::fail(ErrorCode::malformed, root.place(), ": expected keys with values");
    const std::optional<fs::path> base = take_base(root, file);
    if (!base) return root;
    YamlNode result;
    try {
        result = read_over_base(base->string(), opened);
    } catch (const Error& problem) {
        if (problem.code() != ErrorCode::io) throw;
        core::fail(ErrorCode::io, problem.what(), " (the base of ", file, ")");
    }
    merge(result, std::move(root));
    return result;
}

/// The names of "a.b.c"; none if it is no such path.
std::vector<std::string> names_of(const std::string& path) {
    std::vector<std::string> names(1);
    for (const char c : path) {
        const bool in_name = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
        if (in_name)
            names.back() += c;
        else if (c == '.' && !names.back().empty() && names.size() < kMostLevels)
            names.emplace_back();
        else
            return {};
    }
    return names.back().empty() ? std::vector<std::string>{} : names;
}

void emit(YAML::Emitter& out, const YamlNode& node) {
    switch (node.kind) {
        case YamlNode::Kind::null: out << YAML::Null; break;
        case YamlNode::Kind::scalar: out << node.text; break;
        case YamlNode::Kind::list: {
            const bool flow = std::ranges::all_of(node.items, [](const YamlNode& item) {
                return item.kind == YamlNode::Kind::scalar;
            });
            if (flow) out << YAML::Flow;
            out << YAML::BeginSeq;
            for (const YamlNode& item : node.items) emit(out, item);
            out << YAML::EndSeq;
            break;
        }
        case YamlNode::Kind::map:
            out << YAML::BeginMap;
            for (const auto& [key, value] : node.members) {
                out << YAML::Key << key << YAML::Value;
                emit(out, value);
            }
            out << YAML::EndMap;
            break;
    }
}

}  // namespace

std::string YamlNode::place() const { return place_of(source ? *source : "", line); }

const YamlNode* YamlNode::find(std::string_view key) const {
    const auto found = std::ranges::find(members, key, &decltype(members)::value_type::first);
    return found == members.end() ? nullptr : &found->second;
}

YamlNode* YamlNode::find(std::string_view key) {
    return const_cast<YamlNode*>(std::as_const(*this).find(key));
}

YamlNode parse_yaml(std::string_view text, const std::string& source) {
    return parse(text, source, true);
}

YamlNode read_yaml(const std::string& file) {
    std::vector<fs::path> opened;
    return read_over_base(file, opened);
}

void merge(YamlNode& under, YamlNode over) {
    if (under.kind == YamlNode::Kind::map && over.kind == YamlNode::Kind::null) return;
    if (under.kind != YamlNode::Kind::map || over.kind != YamlNode::Kind::map) {
        under = std::move(over);
        return;
    }
    for (auto& [key, value] : over.members) {
        if (YamlNode* const member = under.find(key))
            merge(*member, std::move(value));
        else
            under.members.emplace_back(key, std::move(value));
    }
}

void assign(YamlNode& root, const std::string& assignment) {
    const std::string source = core::concat('\'', assignment.substr(0, kMostShown), '\'');
    const std::size_t equals = assignment.find('=');
    const std::vector<std::string> names = names_of(assignment.substr(0, equals));
    if (equals == std::string::npos || names.empty())
        core::fail(ErrorCode::invalid_argument, source,
                   ": expected key=value, for example optimizer.rate=5e-4");
    YamlNode value = parse(std::string_view(assignment).substr(equals + 1), source, false);
    for (const std::string& name : std::views::reverse(names)) {
        YamlNode map;
        map.kind = YamlNode::Kind::map;
        map.source = value.source;
        map.members.emplace_back(name, std::move(value));
        value = std::move(map);
    }
    merge(root, std::move(value));
}

std::string write_yaml(const YamlNode& root) {
    YAML::Emitter out;
    emit(out, root);
    return std::string(out.c_str(), out.size()) + "\n";
}

}  // namespace dbnet::app
