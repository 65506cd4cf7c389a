/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib.h>
#include <openssl/crypto.h>

/* At exit OpenSSL frees what it keeps for each thread, while threads of
 * GStreamer's pools that used it may still be ending and free it too: a process
 * that exits right after a call crashes now and then. The kernel frees it as
 * well. Only the first initialisation in a process decides, hence before
 * main(). Nobody calls it: who links the archive asks for it by name. */
void vm_keep_openssl_at_exit (void);

void __attribute__ ((constructor)) vm_keep_openssl_at_exit (void)
{
  OPENSSL_init_crypto (OPENSSL_INIT_NO_ATEXIT, NULL);
}
