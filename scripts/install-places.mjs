// Downloads the tools that memcell is tried with, which wants nothing of memcell: while something else is done.
//     node scripts/install-places.mjs
import { installTools } from './places/project.mjs';

installTools();
