#include "support/pth_file.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <memory>
#include <span>
#include <stdexcept>

namespace dbnet::test {
namespace {

std::string little_endian(std::int64_t value) {
    std::string bytes;
    for (int i = 0; i < 4; ++i) bytes += static_cast<char>(value >> 8 * i & 0xff);
    return bytes;
}

std::string text(const std::string& value) {
    return 'X' + little_endian(static_cast<std::int64_t>(value.size())) + value;
}

std::string integers(const model::Dims& values) {
    std::string bytes = "(";
    for (const std::int64_t value : values) bytes += 'J' + little_endian(value);
    return bytes + 't';
}

/// torch._utils._rebuild_tensor_v2(storage, 0, dims, strides, False, OrderedDict()).
std::string rebuild(const std::string& key, std::int64_t stored, const model::Dims& dims,
                    const model::Dims& strides) {
    const std::string storage = '(' + text("storage") + "ctorch\nFloatStorage\n" + text(key) +
                                text("cpu") + 'J' + little_endian(stored) + "tQ";
    return "ctorch._utils\n_rebuild_tensor_v2\n(" + storage + 'J' + little_endian(0) +
           integers(dims) + integers(strides) + "\x89" + "ccollections\nOrderedDict\n)RtR";
}

std::string rebuild(const model::Tensor& tensor, const std::string& key) {
    model::Dims strides(tensor.dims().size(), 1);
    for (std::size_t i = strides.size(); i-- > 1;) strides[i - 1] = strides[i] * tensor.dims()[i];
    return rebuild(key, tensor.size(), tensor.dims(), strides);
}

void add_entry(archive* zip, const std::string& name, std::span<const std::byte> bytes) {
    const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(),
                                                                         archive_entry_free);
    archive_entry_set_pathname(entry.get(), ("archive/" + name).c_str());
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(bytes.size()));
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    if (archive_write_header(zip, entry.get()) != ARCHIVE_OK ||
        archive_write_data(zip, bytes.data(), bytes.size()) < 0)
        throw std::runtime_error(archive_error_string(zip));
}

/// The archive with that pickle of a dict's items, and what `add_storages` puts beside it.
template <typename AddStorages>
void write_archive(const std::string& path, const std::string& items, AddStorages&& add_storages) {
    const std::unique_ptr<archive, int (*)(archive*)> zip(archive_write_new(), archive_write_free);
    archive_write_set_format_zip(zip.get());
    archive_write_zip_set_compression_store(zip.get());
    if (archive_write_open_filename(zip.get(), path.c_str()) != ARCHIVE_OK)
        throw std::runtime_error(archive_error_string(zip.get()));
    const std::string pickle = "\x80\x02}(" + items + "u.";
    add_entry(zip.get(), "data.pkl", std::as_bytes(std::span(pickle)));
    add_storages(zip.get());
    archive_write_close(zip.get());
}

}  // namespace

void write_pth(const std::string& path,
               const std::vector<std::pair<std::string, model::Tensor>>& tensors) {
    std::string items;
    for (std::size_t i = 0; i < tensors.size(); ++i)
        items += text(tensors[i].first) + rebuild(tensors[i].second, std::to_string(i));
    write_archive(path, items, [&](archive* zip) {
        for (std::size_t i = 0; i < tensors.size(); ++i)
            add_entry(zip, "data/" + std::to_string(i), tensors[i].second.bytes());
    });
}

void write_repeating_pth(const std::string& path, int tensors, std::int64_t elements) {
    std::string items;
    for (int i = 0; i < tensors; ++i)
        items += text("w" + std::to_string(i)) + rebuild("0", 16, {elements}, {0});
    const std::vector<float> storage(16, 1.0f);
    write_archive(path, items, [&](archive* zip) {
        add_entry(zip, "data/0", std::as_bytes(std::span(storage)));
    });
}

}  // namespace dbnet::test
