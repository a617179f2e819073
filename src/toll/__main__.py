from toll.cli import main

raise SystemExit(main())
