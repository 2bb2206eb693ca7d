#include "synth/font.hpp"

#include <fontconfig/fontconfig.h>
#include <hb-ot.h>
#include <hb.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <utility>

#include "core/error.hpp"
#include "synth/utf8.hpp"

namespace dbnet::synth {
namespace {

/// HarfBuzz's units of an em.
constexpr int kUnits = 1 << 14;
/// How far a polyline may be from its curve, in units of the em.
constexpr double kFlatness = 2e-3;
constexpr double kMostSegments = 32;
/// Glyphs that a face keeps; more are outlined anew each time.
constexpr std::size_t kMostGlyphs = 4096;

template <typename Value, void (*release)(Value*)>
struct Releaser {
    void operator()(Value* value) const { release(value); }
};
template <typename Value, void (*release)(Value*)>
using Handle = std::unique_ptr<Value, Releaser<Value, release>>;

using Blob = Handle<hb_blob_t, hb_blob_destroy>;
using FaceHandle = Handle<hb_face_t, hb_face_destroy>;
using FontHandle = Handle<hb_font_t, hb_font_destroy>;
using Buffer = Handle<hb_buffer_t, hb_buffer_destroy>;
using DrawFunctions = Handle<hb_draw_funcs_t, hb_draw_funcs_destroy>;
using Config = Handle<FcConfig, FcConfigDestroy>;
using Pattern = Handle<FcPattern, FcPatternDestroy>;
using Objects = Handle<FcObjectSet, FcObjectSetDestroy>;
using Fonts = Handle<FcFontSet, FcFontSetDestroy>;
using Characters = Handle<FcCharSet, FcCharSetDestroy>;

Point to_em(float x, float y) { return {x / double{kUnits}, -y / double{kUnits}}; }

void add_point(Glyph& glyph, Point point) {
    glyph.outline.points.push_back(point);
    glyph.ink.add(point);
}

void end_contour(Contours& contours) {
    const std::size_t begin = contours.ends.empty() ? 0 : contours.ends.back();
    if (contours.points.size() > begin) contours.ends.push_back(contours.points.size());
}

double second_difference(Point a, Point b, Point c) {
    return std::hypot(a.x - 2 * b.x + c.x, a.y - 2 * b.y + c.y);
}

void add_cubic(Glyph& glyph, Point a, Point b, Point c, Point d) {
    const double bend = std::max(second_difference(a, b, c), second_difference(b, c, d));
    const int segments = static_cast<int>(
        std::clamp(std::ceil(std::sqrt(0.75 * bend / kFlatness)), 1.0, kMostSegments));
    for (int i = 1; i <= segments; ++i) {
        const double t = static_cast<double>(i) / segments;
        const double s = 1 - t;
        const std::array w{s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t};
        add_point(glyph, {w[0] * a.x + w[1] * b.x + w[2] * c.x + w[3] * d.x,
                          w[0] * a.y + w[1] * b.y + w[2] * c.y + w[3] * d.y});
    }
}

Glyph& glyph_of(void* data) { return *static_cast<Glyph*>(data); }

/// HarfBuzz gives parabolas as cubic curves to those who do not ask for parabolas.
DrawFunctions make_draw_functions() {
    DrawFunctions functions(hb_draw_funcs_create());
    hb_draw_funcs_set_move_to_func(
        functions.get(),
        [](hb_draw_funcs_t*, void* data, hb_draw_state_t*, float x, float y, void*) {
            end_contour(glyph_of(data).outline);
            add_point(glyph_of(data), to_em(x, y));
        },
        nullptr, nullptr);
    hb_draw_funcs_set_line_to_func(
        functions.get(),
        [](hb_draw_funcs_t*, void* data, hb_draw_state_t*, float x, float y, void*) {
            add_point(glyph_of(data), to_em(x, y));
        },
        nullptr, nullptr);
    hb_draw_funcs_set_cubic_to_func(
        functions.get(),
        [](hb_draw_funcs_t*, void* data, hb_draw_state_t* state, float x1, float y1, float x2,
           float y2, float x, float y, void*) {
            add_cubic(glyph_of(data), to_em(state->current_x, state->current_y), to_em(x1, y1),
                      to_em(x2, y2), to_em(x, y));
        },
        nullptr, nullptr);
    hb_draw_funcs_make_immutable(functions.get());
    return functions;
}

Glyph outline_of(hb_font_t* font, hb_codepoint_t id) {
    static const DrawFunctions functions = make_draw_functions();
    Glyph glyph;
#if HB_VERSION_ATLEAST(7, 0, 0)
    hb_font_draw_glyph(font, id, functions.get(), &glyph);
#else
    hb_font_get_glyph_shape(font, id, functions.get(), &glyph);
#endif
    end_contour(glyph.outline);
    return glyph;
}

std::string string_of(const FcPattern* pattern, const char* object) {
    FcChar8* text = nullptr;
    return FcPatternGetString(pattern, object, 0, &text) == FcResultMatch
               ? reinterpret_cast<const char*>(text)
               : "";
}

int integer_of(const FcPattern* pattern, const char* object) {
    int value = 0;
    FcPatternGetInteger(pattern, object, 0, &value);
    return value;
}

bool is_true(const FcPattern* pattern, const char* object) {
    FcBool value = FcFalse;
    return FcPatternGetBool(pattern, object, 0, &value) == FcResultMatch && value == FcTrue;
}

/// Symbols are not text, and a colour font has pictures instead of outlines.
bool is_usable(const FcPattern* pattern) {
    const std::string format = string_of(pattern, FC_FONTFORMAT);
    return (format == "TrueType" || format == "CFF") && !is_true(pattern, FC_COLOR) &&
           !is_true(pattern, FC_SYMBOL) && !is_true(pattern, FC_VARIABLE);
}

/// Some symbol fonts claim to have the letters of ASCII, but draw Greek or ornaments in their
/// place: the names of their glyphs tell.
bool has_other_letters(hb_font_t* font) {
    hb_codepoint_t glyph = 0;
    std::array<char, 64> text{};
    if (hb_font_get_nominal_glyph(font, 'A', &glyph) == 0 ||
        hb_font_get_glyph_name(font, glyph, text.data(), text.size()) == 0)
        return false;
    const std::string_view name(text.data());
    return name == "Alpha" ||
           (name.starts_with('a') && name.find_first_not_of("0123456789", 1) == name.npos);
}

Config open_config(const std::string& folder) {
    if (folder.empty()) return Config(FcInitLoadConfigAndFonts());
    Config config(FcConfigCreate());
    namespace fs = std::filesystem;
    std::error_code error;
    for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
         at.increment(error))
        if (at->path().has_extension() && at->is_regular_file())
            FcConfigAppFontAddFile(config.get(),
                                   reinterpret_cast<const FcChar8*>(at->path().c_str()));
    if (error) core::fail(ErrorCode::io, folder, ": cannot read: ", error.message());
    return config;
}

Fonts list_fonts(FcConfig* config) {
    const Pattern scalable(FcPatternBuild(nullptr, FC_SCALABLE, FcTypeBool, FcTrue, nullptr));
    const Objects objects(FcObjectSetBuild(FC_FILE, FC_INDEX, FC_FAMILY, FC_CHARSET, FC_FONTFORMAT,
                                           FC_COLOR, FC_SYMBOL, FC_VARIABLE, nullptr));
    return Fonts(FcFontList(config, scalable.get(), objects.get()));
}

std::string first_word(const std::string& text) { return text.substr(0, text.find(' ')); }

}  // namespace

void Extent::add(const Extent& other) {
    left = std::min(left, other.left);
    top = std::min(top, other.top);
    right = std::max(right, other.right);
    bottom = std::max(bottom, other.bottom);
}

struct Font::Face {
    FontHandle font;
    bool is_symbolic = false;
    mutable std::shared_mutex mutex;
    mutable std::unordered_map<hb_codepoint_t, std::shared_ptr<const Glyph>> glyphs;

    Face(const std::string& path, int index) {
        const Blob blob(hb_blob_create_from_file(path.c_str()));
        const FaceHandle face(hb_face_create(blob.get(), static_cast<unsigned>(index & 0xffff)));
        font.reset(hb_font_create(face.get()));
        hb_font_set_scale(font.get(), kUnits, kUnits);
        if (index >> 16 > 0)
            hb_font_set_var_named_instance(font.get(), static_cast<unsigned>(index >> 16) - 1);
        hb_font_make_immutable(font.get());
        is_symbolic = has_other_letters(font.get());
    }

    std::shared_ptr<const Glyph> glyph(hb_codepoint_t id) const {
        {
            const std::shared_lock lock(mutex);
            if (const auto found = glyphs.find(id); found != glyphs.end()) return found->second;
        }
        auto made = std::make_shared<const Glyph>(outline_of(font.get(), id));
        const std::unique_lock lock(mutex);
        return glyphs.size() < kMostGlyphs ? glyphs.emplace(id, made).first->second : made;
    }
};

Font::Font(std::string path, int index, std::string family)
    : path_(std::move(path)), index_(index), family_(std::move(family)) {}
Font::~Font() = default;

const Font::Face& Font::face() const {
    std::call_once(loaded_, [this] { face_ = std::make_unique<Face>(path_, index_); });
    return *face_;
}

std::optional<ShapedText> Font::shape(const std::string& utf8) const {
    const Face& face = this->face();
    if (face.is_symbolic) return std::nullopt;
    const Buffer buffer(hb_buffer_create());
    hb_buffer_add_utf8(buffer.get(), utf8.data(), static_cast<int>(utf8.size()), 0,
                       static_cast<int>(utf8.size()));
    hb_buffer_guess_segment_properties(buffer.get());
    const bool leftwards = hb_buffer_get_direction(buffer.get()) == HB_DIRECTION_RTL;
    hb_shape(face.font.get(), buffer.get(), nullptr, 0);
    unsigned count = 0;
    const hb_glyph_info_t* infos = hb_buffer_get_glyph_infos(buffer.get(), &count);
    const hb_glyph_position_t* positions = hb_buffer_get_glyph_positions(buffer.get(), &count);
    ShapedText text;
    text.leftwards = leftwards;
    for (unsigned i = 0; i < count; ++i) {
        if (infos[i].codepoint == 0) return std::nullopt;
        const Point offset = to_em(static_cast<float>(positions[i].x_offset),
                                   static_cast<float>(positions[i].y_offset));
        const Point origin{text.advance + offset.x, offset.y};
        std::shared_ptr<const Glyph> glyph = face.glyph(infos[i].codepoint);
        if (const Extent& ink = glyph->ink; !ink.empty())
            text.ink.add({ink.left + origin.x, ink.top + origin.y, ink.right + origin.x,
                          ink.bottom + origin.y});
        text.advance += to_em(static_cast<float>(positions[i].x_advance), 0).x;
        text.glyphs.push_back({std::move(glyph), origin});
    }
    return text;
}

struct FontSet::Entry {
    std::unique_ptr<Font> font;
    Characters characters;

    bool has_all(std::u32string_view text) const {
        return std::ranges::all_of(
            text, [&](char32_t c) { return FcCharSetHasChar(characters.get(), c) == FcTrue; });
    }
};

FontSet::FontSet(const std::string& folder) {
    const Config config = open_config(folder);
    const Fonts fonts = config == nullptr ? nullptr : list_fonts(config.get());
    std::map<std::pair<std::string, int>, const FcPattern*> by_file;  // the same order every time
    for (int i = 0; fonts != nullptr && i < fonts->nfont; ++i)
        if (const FcPattern* font = fonts->fonts[i]; is_usable(font))
            by_file.emplace(std::pair(string_of(font, FC_FILE), integer_of(font, FC_INDEX)), font);
    std::map<std::string, Family> families;
    for (const auto& [file, pattern] : by_file) {
        FcCharSet* characters = nullptr;
        if (FcPatternGetCharSet(pattern, FC_CHARSET, 0, &characters) != FcResultMatch) continue;
        const std::string family = string_of(pattern, FC_FAMILY);
        families[first_word(family)].push_back(
            {std::make_unique<Font>(file.first, file.second, family),
             Characters(FcCharSetCopy(characters))});
    }
    if (families.empty())
        core::fail(ErrorCode::io, folder.empty() ? "this machine" : folder,
                   ": no TrueType or OpenType fonts; install some (fonts-dejavu-core, "
                   "fonts-liberation, ...) or name a folder with fonts");
    for (auto& [name, family] : families) families_.push_back(std::move(family));
}

FontSet::~FontSet() = default;

std::size_t FontSet::size() const noexcept {
    std::size_t fonts = 0;
    for (const Family& family : families_) fonts += family.size();
    return fonts;
}

const Font* FontSet::choose(std::string_view utf8, core::Random& random) const {
    std::u32string text = decode_utf8(utf8).value_or(std::u32string());
    std::erase(text, U' ');
    const std::size_t first = random.below(families_.size());
    for (std::size_t i = 0; i < families_.size(); ++i) {
        const Family& family = families_[(first + i) % families_.size()];
        const std::size_t begin = random.below(family.size());
        for (std::size_t k = 0; k < family.size(); ++k) {
            const Entry& entry = family[(begin + k) % family.size()];
            if (entry.has_all(text)) return entry.font.get();
        }
    }
    return nullptr;
}

}  // namespace dbnet::synth
