#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <dbnet/image.hpp>

// PDF by poppler's programs pdfinfo and pdftoppm: a process of their own keeps what hostile files
// do away from ours, and nothing is loaded by those who have no PDF.
namespace dbnet::app {

/// Whether these are the first bytes (1024 or all) of a PDF file.
bool is_pdf(std::span<const std::uint8_t> head);

/// Throws Error, naming the file: unsupported (poppler-utils is not installed), malformed (or
/// encrypted), io.
int count_pdf_pages(const std::string& path);

/// A page, from 1, as a picture. Throws Error as count_pdf_pages does, and Error{too_large} for
/// more pixels than `options` allow, before any are made.
Image read_pdf_page(const std::string& path, int page, int dpi, const DecodeOptions& options);

}  // namespace dbnet::app
