#include "model/checkpoint/pth.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "core/error.hpp"
#include "core/file.hpp"
#include "model/checkpoint/pickle.hpp"

namespace dbnet::model {
namespace {

using Kind = PickleNode::Kind;
using Bytes = std::vector<std::uint8_t>;

constexpr std::int64_t kMaxFileBytes = std::int64_t{8} << 30;
/// What all tensors together may take: views may overlap and repeat elements, but no real
/// checkpoint has many of them.
constexpr std::int64_t kTensorBytesPerFileByte = 4;
constexpr std::int64_t kTensorBytesAtLeast = std::int64_t{64} << 20;

/// The zip's entries by name without the leading folder ("data.pkl", "data/0"). torch stores them
/// uncompressed, so together they are never larger than the file.
std::map<std::string, Bytes> read_entries(std::span<const std::uint8_t> file,
                                          const std::string& path) {
    const std::unique_ptr<archive, int (*)(archive*)> reader(archive_read_new(), archive_read_free);
    const auto check = [&](int result) {
        if (result != ARCHIVE_OK && result != ARCHIVE_EOF)
            core::fail(ErrorCode::malformed, path, ": not a zip archive as torch.save writes it: ",
                       archive_error_string(reader.get()));
        return result == ARCHIVE_OK;
    };
    check(archive_read_support_format_zip(reader.get()));
    check(archive_read_open_memory(reader.get(), file.data(), file.size()));
    std::map<std::string, Bytes> entries;
    std::size_t total = 0;
    archive_entry* entry = nullptr;
    while (check(archive_read_next_header(reader.get(), &entry))) {
        const char* raw_name = archive_entry_pathname(entry);
        if (raw_name == nullptr) continue;
        const std::string name = raw_name;
        const auto size = static_cast<std::size_t>(archive_entry_size(entry));
        total += size;
        if (size > file.size() || total > file.size())
            core::fail(ErrorCode::malformed, path, ": entry ", name, " claims ", size,
                       " bytes, more than the file has");
        Bytes bytes(size);
        if (archive_read_data(reader.get(), bytes.data(), size) != static_cast<la_ssize_t>(size))
            core::fail(ErrorCode::malformed, path, ": entry ", name, " is truncated");
        entries[name.substr(name.find('/') + 1)] = std::move(bytes);
    }
    return entries;
}

std::optional<DataType> type_of_storage(std::string_view name) {
    static constexpr std::array<std::pair<std::string_view, DataType>, 9> kTypes{
        {{"torch.FloatStorage", DataType::f32},
         {"torch.HalfStorage", DataType::f16},
         {"torch.BFloat16Storage", DataType::bf16},
         {"torch.DoubleStorage", DataType::f64},
         {"torch.CharStorage", DataType::i8},
         {"torch.ByteStorage", DataType::u8},
         {"torch.IntStorage", DataType::i32},
         {"torch.LongStorage", DataType::i64},
         {"torch.BoolStorage", DataType::boolean}}};
    for (const auto& [storage, type] : kTypes)
        if (storage == name) return type;
    return std::nullopt;
}

bool is_integers(const PickleNode& node) {
    if (node.kind != Kind::tuple) return false;
    for (const PickleNode* item : node.items)
        if (item->kind != Kind::integer || item->integer < 0) return false;
    return true;
}

Dims integers(const PickleNode& node) {
    Dims result;
    for (const PickleNode* item : node.items) result.push_back(item->integer);
    return result;
}

/// The arguments of torch's tensor constructors, unwrapped: storage, offset, extents, strides.
const PickleNode* tensor_arguments(const PickleNode* node) {
    if (node->kind == Kind::object && node->text == "torch._utils._rebuild_parameter" &&
        !node->items.empty())
        node = node->items[0];
    const bool fits = node->kind == Kind::object &&
                      node->text == "torch._utils._rebuild_tensor_v2" && node->items.size() >= 4 &&
                      node->items[0]->kind == Kind::persistent &&
                      node->items[1]->kind == Kind::integer && is_integers(*node->items[2]) &&
                      is_integers(*node->items[3]) &&
                      node->items[2]->items.size() == node->items[3]->items.size();
    return fits ? node : nullptr;
}

/// Copies a strided view, dimension by dimension.
void gather(const std::uint8_t* from, std::size_t element, const Dims& dims, const Dims& strides,
            std::size_t axis, std::byte*& to) {
    if (axis == dims.size()) {
        std::memcpy(to, from, element);
        to += element;
        return;
    }
    for (std::int64_t i = 0; i < dims[axis]; ++i)
        gather(from + static_cast<std::size_t>(i * strides[axis]) * element, element, dims, strides,
               axis + 1, to);
}

class Loader {
public:
    /// `budget`: bytes of all tensors.
    Loader(std::map<std::string, Bytes> entries, const std::string& path, std::int64_t budget)
        : entries_(std::move(entries)), path_(path), budget_(budget) {}

    /// Adds the entry `name` to `state`, or says there why not.
    void load(const std::string& name, const PickleNode* value, StateDict& state) {
        const PickleNode* tensor = tensor_arguments(value);
        if (tensor == nullptr) {
            state.skipped.push_back(name + ": not a tensor");
            return;
        }
        const auto& storage = tensor->items[0]->items;  // ("storage", class, key, device, elements)
        if (storage.size() < 3 || storage[1]->kind != Kind::global ||
            storage[2]->kind != Kind::text)
            core::fail(ErrorCode::malformed, path_, ": ", name,
                       " has a storage that is not torch's");
        const auto type = type_of_storage(storage[1]->text);
        if (!type) {
            state.skipped.push_back(name + ": " + storage[1]->text + " is not supported");
            return;
        }
        const auto bytes = entries_.find("data/" + storage[2]->text);
        if (bytes == entries_.end())
            core::fail(ErrorCode::malformed, path_, ": ", name,
                       " refers to the missing entry data/", storage[2]->text);
        state.tensors.emplace_back(name, dense(name, *type, bytes->second, *tensor));
    }

private:
    Tensor dense(const std::string& name, DataType type, const Bytes& storage,
                 const PickleNode& tensor) {
        const std::int64_t offset = tensor.items[1]->integer;
        const Dims dims = integers(*tensor.items[2]);
        const Dims strides = integers(*tensor.items[3]);
        const std::size_t element = size_of(type);
        const auto available = static_cast<std::int64_t>(storage.size() / element);
        if (dims.size() > 16)
            core::fail(ErrorCode::malformed, path_, ": ", name, " has ", dims.size(),
                       " dimensions");
        const std::int64_t count = element_count(dims, kMaxFileBytes / 8);
        const std::int64_t size = count * static_cast<std::int64_t>(element);
        if (size > budget_)
            core::fail(ErrorCode::too_large, path_, ": ", name, " ", to_string(dims),
                       ": the tensors take more bytes than a file of this size can mean");
        budget_ -= size;
        __int128 last = offset;
        for (std::size_t i = 0; i < dims.size(); ++i)
            last += static_cast<__int128>(dims[i] - 1) * strides[i];
        if (count > 0 && (offset < 0 || last >= available))
            core::fail(ErrorCode::malformed, path_, ": ", name, " ", to_string(dims),
                       " lies outside its storage of ", available, " elements");
        std::vector<std::byte> values(static_cast<std::size_t>(size));
        std::byte* to = values.data();
        if (count > 0)
            gather(storage.data() + static_cast<std::size_t>(offset) * element, element, dims,
                   strides, 0, to);
        return {type, dims, std::move(values)};
    }

    std::map<std::string, Bytes> entries_;
    const std::string& path_;
    std::int64_t budget_;
};

const PickleNode& state_of(const PickleNode& root, const std::string& path) {
    for (const char* key : {"state_dict", "model"})
        if (const PickleNode* inner = root.find(key); inner != nullptr && inner->kind == Kind::dict)
            return *inner;
    if (root.kind != Kind::dict)
        core::fail(ErrorCode::unsupported, path,
                   ": holds no state dict at its top, under state_dict or under model");
    return root;
}

}  // namespace

StateDict parse_pth(std::span<const std::uint8_t> file, const std::string& path) {
    if (file.size() < 4 || std::memcmp(file.data(), "PK\3\4", 4) != 0)
        core::fail(ErrorCode::unsupported, path,
                   ": not a zip archive; checkpoints of PyTorch before 1.6 have to be saved again "
                   "with a newer one");
    std::map<std::string, Bytes> entries = read_entries(file, path);
    const auto pickled = entries.find("data.pkl");
    if (pickled == entries.end()) core::fail(ErrorCode::malformed, path, ": has no entry data.pkl");
    const Pickle pickle(pickled->second, path);  // copies what it needs, so the entries may move
    const PickleNode& dict = state_of(pickle.root(), path);
    const std::int64_t budget = std::max(
        kTensorBytesAtLeast, kTensorBytesPerFileByte * static_cast<std::int64_t>(file.size()));
    Loader loader(std::move(entries), path, budget);
    StateDict state;
    for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
        const PickleNode& key = *dict.items[i];
        if (key.kind == Kind::text) loader.load(key.text, dict.items[i + 1], state);
    }
    return state;
}

StateDict read_pth(const std::string& path) {
    return parse_pth(core::read_file(path, kMaxFileBytes), path);
}

}  // namespace dbnet::model
