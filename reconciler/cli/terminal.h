// What is at the other end of stdout, and how wide things are there.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace maand {

bool stdout_is_terminal();
bool stderr_is_terminal();
// Colours are wanted: a terminal that is not `dumb`, and no NO_COLOR (no-color.org).
bool stdout_takes_color();
// Columns of the terminal; 0 when stdout is none, which means: as wide as needed.
std::size_t terminal_columns();
std::size_t terminal_rows();

// Waits for `time`, or less when whoever reads stdout goes away (`… --watch | head`):
// then true, and a command that prints for ever has nobody left to print for.
bool reader_leaves_within(std::chrono::milliseconds time);

// Columns that UTF-8 `text` takes: combining marks none, East Asian wide
// characters and emoji two. By tables of our own, because wcwidth(3) depends on
// the locale, and a minimal system has only C. Bytes that are no UTF-8 count one.
std::size_t display_width(std::string_view text);

// `text`, or as much of it as fits into `columns` with `…` at the end.
std::string fit(std::string_view text, std::size_t columns);

// Padded with blanks to `columns`; longer text stays as it is.
std::string pad_right(std::string_view text, std::size_t columns);
std::string pad_left(std::string_view text, std::size_t columns);

enum class Ink { kPlain, kGood, kWarn, kBad, kDim, kBold };
// Wrapped in the colour's escape sequences when `color`.
std::string inked(std::string_view text, Ink ink, bool color);

}  // namespace maand
