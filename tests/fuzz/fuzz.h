/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* One target a file: fuzz_one() takes bytes that nobody vouches for. It must
 * not crash, leak, or read outside of them; what it may assert is what the
 * reader promises of what it accepts (that it is valid UTF-8, within its
 * limits, reads back as it was). The same source is an ordinary test, which
 * replays the corpus and mutations of it (replay.c), and a libFuzzer program
 * (libfuzzer.c) for ./dev fuzz. */
void fuzz_one (const guint8 *data, gsize size);
