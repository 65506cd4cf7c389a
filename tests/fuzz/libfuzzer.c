/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  fuzz_one (data, size);
  return 0;
}
