/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/vmprivatefile.h"

#include <unistd.h>

const gchar *
vm_private_file_fault (const struct stat *st, gboolean secret)
{
  uid_t user = geteuid ();
  mode_t readers = S_IRGRP | S_IROTH;

  if (!S_ISREG (st->st_mode))
    return NULL;
  if (st->st_uid != user && st->st_uid != 0)
    return "it belongs to another user";
  if (st->st_mode & (S_IWGRP | S_IWOTH))
    return "others can write it; 'chmod go-w' mends that";
  /* as an administrator hands a key to a service */
  if (st->st_uid != user)
    readers = S_IROTH;
  if (secret && (st->st_mode & readers))
    return "it holds a secret that others can read; 'chmod go=' mends that";
  return NULL;
}
