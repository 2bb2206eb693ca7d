// expat's events, so that memory does not grow with the document. A document type is refused: no
// label needs its entities.
#include "formats/xml.hpp"

#include <expat.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>

#include "core/error.hpp"

namespace dbnet::formats {
namespace {

constexpr std::size_t kDeepest = 64;

using Parser = std::unique_ptr<std::remove_pointer_t<XML_Parser>, decltype(&XML_ParserFree)>;

Parser new_parser() {
    Parser parser(XML_ParserCreate(nullptr), XML_ParserFree);
    if (!parser) throw std::bad_alloc();
    return parser;
}

class Reader {
public:
    Reader(const std::string& file, std::span<const std::string_view> path,
           const std::function<void(XmlElement&&)>& take)
        : file_(file), path_(path), take_(take), parser_(new_parser()) {
        XML_SetUserData(parser_.get(), this);
        XML_SetElementHandler(parser_.get(), on_start, on_end);
        XML_SetCharacterDataHandler(parser_.get(), on_text);
        XML_SetEntityDeclHandler(parser_.get(), on_entity);
    }

    void feed(std::string_view bytes, bool last) {
        const auto status =
            XML_Parse(parser_.get(), bytes.data(), static_cast<int>(bytes.size()), last);
        if (failure_) std::rethrow_exception(failure_);
        if (status != XML_STATUS_ERROR) return;
        core::fail(ErrorCode::malformed, file_, ":", XML_GetCurrentLineNumber(parser_.get()),
                   ": not valid XML: ", XML_ErrorString(XML_GetErrorCode(parser_.get())));
    }

private:
    /// Exceptions do not go through expat, which is C.
    template <typename Do>
    static void guarded(void* self, Do what) {
        Reader& reader = *static_cast<Reader*>(self);
        if (reader.failure_) return;
        try {
            what(reader);
        } catch (...) {
            reader.failure_ = std::current_exception();
            XML_StopParser(reader.parser_.get(), XML_FALSE);
        }
    }

    static void on_start(void* self, const XML_Char* name, const XML_Char** attributes) {
        guarded(self, [&](Reader& reader) { reader.start(name, attributes); });
    }
    static void on_end(void* self, const XML_Char*) {
        guarded(self, [](Reader& reader) { reader.end(); });
    }
    static void on_text(void* self, const XML_Char* text, int size) {
        guarded(self, [&](Reader& reader) {
            if (!reader.open_.empty())
                reader.open_.back().text.append(text, static_cast<std::size_t>(size));
        });
    }
    static void on_entity(void* self, const XML_Char*, int, const XML_Char*, int, const XML_Char*,
                          const XML_Char*, const XML_Char*, const XML_Char*) {
        guarded(self, [](Reader& reader) {
            core::fail(ErrorCode::malformed, reader.file_, ": defines entities, which are refused");
        });
    }

    std::size_t line() const { return XML_GetCurrentLineNumber(parser_.get()); }

    void start(std::string_view name, const XML_Char** attributes) {
        if (depth_ == kDeepest)
            core::fail(ErrorCode::malformed, file_, ":", line(), ": nested more than ", kDeepest,
                       " times");
        if (depth_ == 0 && name != path_.front())
            core::fail(ErrorCode::malformed, file_, ":", line(), ": the document is <",
                       name.substr(0, 40), ">, expected <", path_.front(), ">");
        const bool on_path = matched_ == depth_ && depth_ < path_.size() && name == path_[depth_];
        ++depth_;
        if (open_.empty() && !on_path) return;
        if (on_path && open_.empty()) ++matched_;
        if (open_.empty() && matched_ < path_.size()) return;
        if (++elements_ > kMostXmlElements)
            core::fail(ErrorCode::too_large, file_, ":", line(), ": more than ", kMostXmlElements,
                       " elements belong together");
        XmlElement element{std::string(name), {}, {}, {}, line()};
        for (; *attributes != nullptr; attributes += 2)
            element.attributes.emplace_back(attributes[0], attributes[1]);
        open_.push_back(std::move(element));
    }

    void end() {
        --depth_;
        if (open_.empty()) {
            matched_ = std::min(matched_, depth_);
            return;
        }
        XmlElement element = std::move(open_.back());
        open_.pop_back();
        element.text = trim(element.text);
        if (!open_.empty()) {
            open_.back().children.push_back(std::move(element));
            return;
        }
        elements_ = 0;
        matched_ = std::min(matched_, depth_);
        take_(std::move(element));
    }

    const std::string& file_;
    std::span<const std::string_view> path_;
    const std::function<void(XmlElement&&)>& take_;
    Parser parser_;
    std::vector<XmlElement> open_;
    std::size_t depth_ = 0;
    std::size_t matched_ = 0;  ///< elements of the path that are open
    std::size_t elements_ = 0;
    std::exception_ptr failure_;
};

}  // namespace

const XmlElement* XmlElement::child(std::string_view wanted) const {
    const auto found = std::ranges::find(children, wanted, &XmlElement::name);
    return found == children.end() ? nullptr : &*found;
}

std::string_view XmlElement::text_of(std::string_view wanted) const {
    const XmlElement* found = child(wanted);
    return found == nullptr ? std::string_view() : found->text;
}

const std::string* XmlElement::attribute(std::string_view wanted) const {
    for (const auto& [key, value] : attributes)
        if (key == wanted) return &value;
    return nullptr;
}

const std::string& XmlElement::required(std::string_view wanted, std::string_view file) const {
    const std::string* value = attribute(wanted);
    if (value == nullptr)
        fail_at({file, line}, core::concat("<", name, "> has no attribute ", wanted));
    return *value;
}

const XmlElement& XmlElement::required_child(std::string_view wanted, std::string_view file) const {
    const XmlElement* found = child(wanted);
    if (found == nullptr) fail_at({file, line}, core::concat("<", name, "> has no <", wanted, ">"));
    return *found;
}

void stream_xml(const Input& input, std::span<const std::string_view> path,
                const std::function<void(XmlElement&&)>& take) {
    ByteStream stream(input);
    Reader reader(input.path, path, take);
    constexpr std::size_t kMost = 1 << 20;
    for (std::string_view block = stream.next(); !block.empty(); block = stream.next())
        for (; !block.empty(); block.remove_prefix(std::min(block.size(), kMost)))
            reader.feed(block.substr(0, kMost), false);
    reader.feed({}, true);
}

std::pair<std::string, std::string> xml_outline(std::string_view head) {
    std::pair<std::string, std::string> names;
    const Parser parser = new_parser();
    XML_SetUserData(parser.get(), &names);
    XML_SetStartElementHandler(
        parser.get(), [](void* user, const XML_Char* name, const XML_Char**) {
            auto& found = *static_cast<std::pair<std::string, std::string>*>(user);
            std::string& place = found.first.empty() ? found.first : found.second;
            if (place.empty()) place = name;
        });
    XML_Parse(parser.get(), head.data(), static_cast<int>(head.size()), false);
    return names;
}

}  // namespace dbnet::formats
