/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The list at the end of a ZIP archive (APPNOTE.TXT §4.3.12), of which
 * libarchive reads nothing in an archive that is a stream. It alone has the
 * modes, and the names with what is behind a NUL character. */

/* Takes the whole entries off the beginning of @list. FALSE with
 * #VM_ERROR_BAD_MESSAGE, which names the entry that is refused. */
gboolean vm_archive_list_take (GByteArray *list, GError **error);
